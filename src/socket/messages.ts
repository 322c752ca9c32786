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
  const readers: ((result: IteratorResult<Data> | Promise<IteratorResult<Data>>) => void)[] = []
  /** What a reader gets for whom there is nothing any more. */
  let over: (() => Promise<IteratorResult<Data>>) | undefined
  const finish = () => Promise.resolve({ done: true as const, value: undefined })
  const end = (answer: typeof over = finish) => {
    over ??= answer
    socket.removeEventListener('message', receive)
    socket.removeEventListener('close', close)
    signal?.removeEventListener('abort', abort)
    for (const read of readers.splice(0)) read(answer())
  }
  const receive = (event: Event) => {
    const { data: value } = event as MessageEvent<Data>
    const read = readers.shift()
    if (read) read({ done: false, value })
    else if (waiting.push(value) > maxCount) overflowed(waiting.shift() ?? '')
  }
  const close = (event: Event) => {
    if (!(event as Event & { willReconnect: boolean }).willReconnect) end()
  }
  const abort = () => {
    waiting.length = 0
    end(() => Promise.reject(signal?.reason))
  }
  if (signal?.aborted) abort()
  else if (socket.readyState === 3) end()
  else {
    socket.addEventListener('message', receive)
    socket.addEventListener('close', close)
    signal?.addEventListener('abort', abort, { once: true })
  }
  return {
    next() {
      const value = waiting.shift()
      if (value !== undefined) return Promise.resolve({ done: false, value })
      return over?.() ?? new Promise((resolve) => readers.push(resolve))
    },
    return() {
      waiting.length = 0
      end()
      return finish()
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
