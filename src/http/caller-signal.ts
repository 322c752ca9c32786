import { Aborter, Following, follow, unfollow } from '../core/abort.ts'
import { Chain, Link, type Links } from '../core/chain.ts'
import { stamp } from '../core/stamp.ts'

/** What ends a call. Held weakly where that exists: Hermes does not always have it. */
interface Ender {
  deref(): Aborter | undefined
}

/** Links of calls that are over, to bodies that may still be read: those of one signal, in the order of coming. */
interface Lingering {
  readonly links: Links<CallerSignal>
  /** So many are looked through for bodies that are gone. */
  sweepAt: number
}

const lingering = stamp<Lingering>()

/**
 * What ends a body lives as long as the body. To that belongs what was asked for: Node lets the signal of a `Request` go
 * deaf when nobody holds the request.
 */
const enders = stamp<readonly [Aborter, RequestInfo | URL]>()

const leastSwept = 32

/**
 * A caller's abort on its way to its call, and after that to the body of its answer: nothing tells when a body has been
 * read, so the link stays. A signal may live as long as the page, and must not keep what every call has left behind: the
 * last one is held by it, those before are there for as long as somebody has their body.
 *
 * A `FinalizationRegistry` would tell when a body is gone, at a price for every call; most signals are made for one call,
 * and go with it.
 */
export class CallerSignal {
  #ender: Ender
  readonly #callers: AbortSignal
  readonly #input: RequestInfo | URL
  readonly #following = new Following(this)

  constructor(callers: AbortSignal, input: RequestInfo | URL) {
    this.#input = input
    this.#ender = strongly(new Aborter())
    this.#callers = callers
    follow(callers, this.#following)
  }

  /** What the call is given in place of its caller's. */
  get signal(): AbortSignal {
    return this.#ender.deref()?.signal ?? this.#callers
  }

  aborted(): void {
    this.#ender.deref()?.abort(this.#callers.reason)
  }

  /** Lets go when there is nothing left to end. */
  lead(answer: Promise<Response>): Promise<Response> {
    return answer.then(
      (response) => {
        if (response.body) this.#linger(response.body)
        else this.#leave()
        return response
      },
      (error) => {
        this.#leave()
        throw error
      },
    )
  }

  #leave(): void {
    unfollow(this.#callers, this.#following)
  }

  #linger(body: ReadableStream): void {
    const aborter = this.#ender.deref()
    if (aborter === undefined || this.#callers.aborted) return
    enders.write(body, [aborter, this.#input])
    let all = lingering.read(this.#callers)
    if (all === undefined) {
      all = { links: new Chain(), sweepAt: leastSwept }
      lingering.write(this.#callers, all)
    }
    const before = all.links.last?.value
    if (before) before.#ender = weakly(before.#ender)
    all.links.add(new Link(this))
    if (all.links.size >= all.sweepAt) sweep(all)
  }

  /** Forgets it if its body is gone. */
  static forget(link: Link<CallerSignal>): void {
    if (link.value.#ender.deref()) return
    link.value.#leave()
    link.leave()
  }
}

function sweep(all: Lingering): void {
  for (let link = all.links.first, next = link?.next; link !== undefined; link = next, next = link?.next) {
    CallerSignal.forget(link)
  }
  all.sweepAt = Math.max(leastSwept, 2 * all.links.size)
}

// Functions of their own, because what one closure of a function holds, all of them hold.
function strongly(aborter: Aborter): Ender {
  return { deref: () => aborter }
}

function weakly(ender: Ender): Ender {
  const aborter = ender.deref()
  return aborter && typeof WeakRef !== 'undefined' ? new WeakRef(aborter) : ender
}
