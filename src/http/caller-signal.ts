import { onAbort } from '../core/abort.ts'

/** What ends a call, and with it its body. Held weakly where that exists: Hermes does not always have it. */
interface Ender {
  deref(): AbortController | undefined
}

/**
 * Hands a caller's abort on to its call. Weakly: a signal may live as long as the page, and must not keep what every
 * call has left behind. The function returned takes the link back.
 */
export function link(callers: AbortSignal, controller: AbortController): () => void {
  return follow(callers, typeof WeakRef === 'undefined' ? { deref: () => controller } : new WeakRef(controller))
}

// A function of its own, because what one closure of a function holds, all of them hold.
function follow(callers: AbortSignal, ender: Ender): () => void {
  return onAbort(callers, () => ender.deref()?.abort(callers.reason))
}

let unread: FinalizationRegistry<() => void> | undefined

/** What ends a body lives as long as the body. */
const enders = new WeakMap<ReadableStream, AbortController>()

/**
 * The caller's abort must reach a body while it is read, and nothing tells when that is over. So the link goes when the
 * stream is collected; until then it is one entry in a set, and harmless.
 */
export function linger({ body }: Response, controller: AbortController, unlink: () => void): void {
  if (!body) {
    unlink()
    return
  }
  enders.set(body, controller)
  if (typeof FinalizationRegistry === 'undefined') return
  unread ??= new FinalizationRegistry((release) => release())
  unread.register(body, unlink)
}
