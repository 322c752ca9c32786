import type { Clock } from '../core/clock.ts'
import { BreakwaterError } from '../core/error.ts'
import { pulled, withBody } from './response.ts'

/** A response body was longer than allowed, or nothing of it came for too long. */
export class BodyError extends BreakwaterError {
  static readonly code = 'body'
  override readonly name = 'BodyError'
  readonly reason: 'too-large' | 'idle'

  constructor(reason: 'too-large' | 'idle', limit: number, upstream?: string) {
    const what = reason === 'idle' ? `nothing came for ${limit} ms` : `it has more than ${limit} bytes`
    super('body', `the response body was given up: ${what}`, { upstream })
    this.reason = reason
  }
}

export interface BodyRules {
  /** The most bytes of a body; `Infinity` for any. */
  readonly maxBytes: number
  /** The longest wait for its next bytes, in ms; `Infinity` for any. It runs only while somebody reads. */
  readonly idleMs: number
  readonly clock: Clock
  readonly upstream: string
}

const ends = new WeakMap<Response, Promise<void>>()

/** Settles when a guarded body has been read, cancelled or broken off; undefined for a response without one. */
export function bodyEnd(response: Response): Promise<void> | undefined {
  return ends.get(response)
}

/**
 * Watches a body while it is read: how long it is, how long it pauses, and when it is over. Chunks pass one by one as
 * the reader asks for them; nothing is read ahead.
 *
 * @throws BodyError at once where the length that is announced is too large
 */
export function guardBody(response: Response, rules: BodyRules): Response {
  const { maxBytes, upstream } = rules
  if (!response.body) return response
  if (Number(response.headers.get('content-length')) > maxBytes) {
    response.body.cancel().catch(ignore)
    throw new BodyError('too-large', maxBytes, upstream)
  }
  const { stream, ended } = watch(response.body, rules)
  const guarded = withBody(response, stream)
  ends.set(guarded, ended)
  return guarded
}

function watch(source: ReadableStream<Uint8Array>, { maxBytes, idleMs, clock, upstream }: BodyRules) {
  const reader = source.getReader()
  let bytes = 0
  // Also when it is aborted while nobody reads.
  const ended = reader.closed.then(ignore, ignore)
  const giveUp = (error: BodyError): never => {
    reader.cancel(error).catch(ignore)
    throw error
  }
  const inTime = async () => {
    let cancel: (() => void) | undefined
    const idle = new Promise<never>((_resolve, reject) => {
      cancel = clock.setTimer(idleMs, () => reject(new BodyError('idle', idleMs, upstream)), true)
    })
    try {
      return await Promise.race([reader.read(), idle])
    } catch (error) {
      return error instanceof BodyError ? giveUp(error) : Promise.reject(error)
    } finally {
      cancel?.()
    }
  }
  const read = async () => {
    const next = await (idleMs === Infinity ? reader.read() : inTime())
    bytes += next.value?.byteLength ?? 0
    if (bytes > maxBytes) giveUp(new BodyError('too-large', maxBytes, upstream))
    return next
  }
  return { stream: pulled(reader, read), ended }
}

function ignore(): void {}
