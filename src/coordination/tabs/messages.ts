import type { Version } from '../coordination.ts'

/** A value on its way to a tab that asked for it. */
interface ValueMessage {
  readonly type: 'value'
  readonly key: string
  readonly version: Version
  readonly value: string
  /** By the machine's calendar, which its tabs share; epoch ms. */
  readonly committedAt: number
  /** Epoch ms; `Infinity` without an end. */
  readonly expiresAt: number
}

/** All that tabs say to each other. Only those who ask are told a value. */
type TabMessage =
  | ValueMessage
  /** The value of a key, or who leads, may have changed. */
  | { readonly type: 'hint'; readonly key: string }
  | { readonly type: 'ask'; readonly key: string }
  /** Which names are held? To whoever has no Web Locks to ask. */
  | { readonly type: 'names?'; readonly from: string; readonly start: string }
  | { readonly type: 'names'; readonly to: string; readonly names: readonly string[] }
  /** Somebody wants to hold a name; the smallest `rank` of those who say so gets it. */
  | { readonly type: 'claim'; readonly name: string; readonly rank: string }
  /** To the claim of that rank: somebody holds the name already. */
  | { readonly type: 'taken'; readonly name: string; readonly rank: string }

/** The connection to the other tabs. Whoever has none talks to nobody. */
export interface Talk {
  /** Whether anybody could hear it. */
  readonly heard: boolean
  post(message: TabMessage): void
  listen(listener: (message: TabMessage) => void): () => void
  close(): void
}

/** The longest value that is taken or kept, in UTF-16 units: 1 MiB of plain text. */
export const maxLength = 2 ** 20

/** @param name only those of the same name hear each other */
export function openTalk(name: string): Talk {
  const channel = openChannel(name)
  const listeners = new Set<(message: TabMessage) => void>()
  if (channel) {
    // In Node a channel that listens would keep the process alive.
    ;(channel as { unref?(): void }).unref?.()
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (isTabMessage(data)) for (const listener of [...listeners]) listener(data)
    }
  }
  return {
    heard: channel !== undefined,
    post: (message) => {
      try {
        channel?.postMessage(message)
      } catch {
        // A closed channel; what is said after the end is not missed.
      }
    },
    listen: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => {
      listeners.clear()
      channel?.close()
    },
  }
}

function openChannel(name: string): BroadcastChannel | undefined {
  if (typeof BroadcastChannel !== 'function') return undefined
  try {
    return new BroadcastChannel(name)
  } catch {
    // A sandboxed frame has the class and no right to use it.
    return undefined
  }
}

/** Other scripts of the page may use the same channel, and other versions of this one. */
function isTabMessage(data: unknown): data is TabMessage {
  if (typeof data !== 'object' || data === null) return false
  const message = data as Record<string, unknown>
  const texts = (...members: string[]) => members.every((member) => typeof message[member] === 'string')
  switch (message.type) {
    case 'value':
      return texts('key') && isCopy(message)
    case 'hint':
    case 'ask':
      return texts('key')
    case 'names?':
      return texts('from', 'start')
    case 'names':
      return texts('to') && Array.isArray(message.names) && message.names.every((name) => typeof name === 'string')
    case 'claim':
    case 'taken':
      return texts('name', 'rank')
    default:
      return false
  }
}

/** What a tab keeps of a value. */
export type Copy = Omit<ValueMessage, 'type' | 'key'>

export function isCopy(data: unknown): data is Copy {
  if (typeof data !== 'object' || data === null) return false
  const { value, version, committedAt, expiresAt } = data as Partial<Record<keyof Copy, unknown>>
  const usable = typeof value === 'string' && value.length <= maxLength && isVersion(version)
  return usable && typeof committedAt === 'number' && typeof expiresAt === 'number' && expiresAt >= 0
}

function isVersion(data: unknown): data is Version {
  if (typeof data !== 'object' || data === null) return false
  const { epoch, number } = data as Partial<Record<keyof Version, unknown>>
  return typeof epoch === 'string' && /^[\w-]{1,64}$/.test(epoch) && Number.isSafeInteger(number) && Number(number) > 0
}
