import { countOrInfinity, object, type Rules, resolve } from '../core/options.ts'

export interface MessagesOptions {
  /**
   * Messages that wait to be read at most; the oldest give way to later ones, and an `overflow` event tells.
   * @default 1000
   */
  maxCount: number
  /**
   * Ends the iteration with its reason.
   * @default undefined
   */
  signal: AbortSignal | undefined
}

export const messagesDefaults: Readonly<MessagesOptions> = { maxCount: 1_000, signal: undefined }

const rules: Rules<MessagesOptions> = { maxCount: countOrInfinity(1), signal: object }

type Data = string | ArrayBuffer | Blob

/** What an iteration needs of its socket. */
export interface MessageSource extends EventTarget {
  readonly readyState: number
}

/** The messages of a socket, over all its connections, until it is closed for good. */
export function messagesOf(
  socket: MessageSource,
  given: Partial<MessagesOptions> | undefined,
  overflowed: (data: Data) => void,
): AsyncIterableIterator<Data> {
  const { maxCount, signal } = resolve('messages', messagesDefaults, rules, given)
  const waiting: Data[] = []
  const readers: { resolve(result: IteratorResult<Data>): void; reject(reason: unknown): void }[] = []
  let done = socket.readyState === 3
  let failed: { readonly reason: unknown } | undefined
  const end = () => {
    done = true
    socket.removeEventListener('message', receive)
    socket.removeEventListener('close', close)
    signal?.removeEventListener('abort', abort)
    for (const reader of readers.splice(0)) {
      if (failed) reader.reject(failed.reason)
      else reader.resolve({ done: true, value: undefined })
    }
  }
  const receive = (event: Event) => {
    const { data } = event as MessageEvent<Data>
    const reader = readers.shift()
    if (reader) {
      reader.resolve({ done: false, value: data })
      return
    }
    waiting.push(data)
    if (waiting.length <= maxCount) return
    overflowed(waiting.shift() ?? '')
  }
  const close = (event: Event) => {
    if (!(event as Event & { willReconnect: boolean }).willReconnect) end()
  }
  const abort = () => {
    failed = { reason: signal?.reason }
    waiting.length = 0
    end()
  }
  if (signal?.aborted) abort()
  if (!done) {
    socket.addEventListener('message', receive)
    socket.addEventListener('close', close)
    signal?.addEventListener('abort', abort, { once: true })
  }
  return {
    next() {
      const value = waiting.shift()
      if (value !== undefined) return Promise.resolve({ done: false, value })
      if (failed) return Promise.reject(failed.reason)
      if (done) return Promise.resolve({ done: true, value: undefined })
      return new Promise((resolve, reject) => readers.push({ resolve, reject }))
    },
    return() {
      waiting.length = 0
      end()
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
