import { Chain, type Linked } from './chain.ts'
import { stamp } from './stamp.ts'

/** Somebody who is told of an abort, once: a member of the chain of one signal. */
export interface Follower extends Linked<Follower> {
  aborted(): void
}

/** For who is a member of another chain, or no member at all. */
export class Following implements Follower {
  previous: Follower | undefined = undefined
  next: Follower | undefined = undefined
  chain: Chain<never> | undefined = undefined
  readonly #leader: { aborted(): void }

  constructor(leader: { aborted(): void }) {
    this.#leader = leader
  }

  aborted(): void {
    this.#leader.aborted()
  }
}

/**
 * Being told when a signal aborts. However many calls hang on one long-lived signal, the signal carries a single
 * listener of ours, and leaving takes one step, where `removeEventListener` walks a list (10,000 calls on one signal
 * would cost 10,000 steps each), and no platform warning about listener counts appears.
 */
interface Hub {
  followers: Chain<Follower> | undefined
  /** Of one of our own controllers, which tells by itself: it needs no listener at all. */
  readonly isOwn: boolean
}

const hubs = stamp<Hub>()

let unaborted: AbortSignal | undefined

/** A signal that never aborts; nothing is hung on it. Made at its first use: Workers make none while modules load. */
export function never(): AbortSignal {
  unaborted ??= new AbortController().signal
  return unaborted
}

/** Asked before anything else is asked of a signal: in Workers one that all share may only be looked at. */
export function isNever(signal: AbortSignal): boolean {
  return signal === unaborted
}

/** Runs `listener` once when `signal` aborts, at once if it already has. The function returned takes it back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const follower = new Following({ aborted: listener })
  follow(signal, follower)
  return () => unfollow(signal, follower)
}

/** As `onAbort`, for calls on their way: the follower itself is taken back, and no function is made for it. */
export function follow(signal: AbortSignal, follower: Follower): void {
  if (isNever(signal)) return
  if (signal.aborted) {
    follower.aborted()
    return
  }
  let hub = hubs.read(signal)
  if (hub === undefined) {
    hub = { followers: undefined, isOwn: false }
    hubs.write(signal, hub)
  }
  hub.followers ??= new Chain()
  if (!hub.isOwn && hub.followers.size === 0) signal.addEventListener('abort', heard, { once: true })
  hub.followers.add(follower)
}

export function unfollow(signal: AbortSignal, follower: Follower): void {
  if (follower.chain === undefined) return
  const hub = hubs.read(signal)
  if (!hub?.followers?.remove(follower) || hub.isOwn) return
  if (hub.followers.size === 0) signal.removeEventListener('abort', heard)
}

/** A controller whose signal tells those who came by `onAbort` without a listener, which costs 300 ns each (Node 24). */
export class Aborter implements Hub {
  readonly signal: AbortSignal
  followers: Chain<Follower> | undefined = undefined
  readonly isOwn = true
  readonly #controller = new AbortController()

  constructor() {
    this.signal = this.#controller.signal
    hubs.write(this.signal, this)
  }

  abort(reason: unknown): void {
    if (this.signal.aborted) return
    this.#controller.abort(reason)
    fire(this)
  }
}

function heard(this: AbortSignal): void {
  const hub = hubs.read(this)
  if (hub !== undefined) fire(hub)
}

function fire({ followers }: Hub): void {
  // One by one, so that a listener taken back by the one before it is not told, as with the platform's own.
  for (let follower = followers?.first; follower !== undefined; follower = followers?.first) {
    followers?.remove(follower)
    try {
      follower.aborted()
    } catch (error) {
      // Reported as the platform reports it; thrown here, it would leave everybody after it untold.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
