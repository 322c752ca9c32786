import { Aborter, onAbort } from '../core/abort.ts'

/**
 * A caller's abort on its way to its call, and to the body of its answer. While the call is under way it is one listener;
 * afterwards the link is weak: a signal may live as long as the page, and must not keep what every call has left behind.
 */
export class CallerSignal {
  readonly #callers: AbortSignal
  readonly #aborter = new Aborter()
  #unlink: () => void

  constructor(callers: AbortSignal) {
    this.#callers = callers
    const aborter = this.#aborter
    this.#unlink = onAbort(callers, () => aborter.abort(callers.reason))
  }

  /** What the call is given in place of its caller's. */
  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  /** Lets go when there is nothing left to abort. */
  follow(answer: Promise<Response>): Promise<Response> {
    return answer.then(
      (response) => {
        this.#unlink()
        if (response.body && !this.#callers.aborted) linger(response.body, this.#callers, this.#aborter)
        return response
      },
      (error) => {
        this.#unlink()
        throw error
      },
    )
  }
}

let unread: FinalizationRegistry<() => void> | undefined

/** What ends a body lives as long as the body. */
const enders = new WeakMap<ReadableStream, Aborter>()

/**
 * The caller's abort must reach a body while it is read, and nothing tells when that is over. So the link goes when the
 * stream is collected; until then it is one entry in a chain, and harmless.
 */
function linger(body: ReadableStream, callers: AbortSignal, aborter: Aborter): void {
  enders.set(body, aborter)
  // Hermes does not always have it.
  const unlink = weakly(callers, typeof WeakRef === 'undefined' ? { deref: () => aborter } : new WeakRef(aborter))
  if (typeof FinalizationRegistry === 'undefined') return
  unread ??= new FinalizationRegistry((release) => release())
  unread.register(body, unlink)
}

// A function of its own, because what one closure of a function holds, all of them hold.
function weakly(callers: AbortSignal, ender: { deref(): Aborter | undefined }): () => void {
  return onAbort(callers, () => ender.deref()?.abort(callers.reason))
}
