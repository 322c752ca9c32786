import { type Hint, hintOf } from './hint.ts'

/** What the server of a JSON session may say. */
export type ServerFrame =
  | {
      readonly t: 'welcome'
      readonly id: string
      readonly recovered: boolean
      readonly got: number
      readonly hint: Hint | undefined
    }
  | { readonly t: 'msg'; readonly n: number; readonly d: string }
  | { readonly t: 'ack'; readonly n: number }
  | { readonly t: 'ping' }
  | { readonly t: 'drain'; readonly hint: Hint }
  /** One that has no meaning here: a later version may say more. */
  | { readonly t: 'other' }

/** Reads a frame; undefined for what is none. */
export function readFrame(text: unknown): ServerFrame | undefined {
  const frame = parse(text)
  if (frame === undefined) return undefined
  const { t, n, d, id, got, recovered } = frame
  switch (t) {
    case 'welcome':
      if (typeof id !== 'string' || !isCount(got) || typeof recovered !== 'boolean') return undefined
      return { t, id, recovered, got, hint: hintOf(frame.hint) }
    case 'msg':
      return isCount(n) && n > 0 && typeof d === 'string' ? { t, n, d } : undefined
    case 'ack':
      return isCount(n) ? { t, n } : undefined
    case 'drain': {
      const hint = hintOf(frame)
      return hint ? { t, hint } : undefined
    }
    case 'ping':
      return { t }
    default:
      return typeof t === 'string' ? { t: 'other' } : undefined
  }
}

function parse(text: unknown): Record<string, unknown> | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
