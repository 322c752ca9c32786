import { Aborter, type Follower, follow, isNever, unfollow } from './abort.ts'
import { Chain } from './chain.ts'
import type { Context, Priority } from './layer.ts'

/**
 * The context of those below a layer that can end a call by itself. Its signal is made when somebody asks for it: most
 * calls end well, and what stands between two deadlines never looks at one (a controller and its signal cost some 100 ns).
 *
 * Guards see it as it is. Everybody else gets `contextOf` it: plain members, so that a context can be derived by
 * spreading it.
 */
export class Scope implements Context {
  readonly attempt: number
  readonly deadlineAt: number
  readonly priority: Priority
  /** The nearest one above that is plain. */
  readonly #plain: Context
  #aborter: Aborter | undefined = undefined
  #followers: Chain<Follower> | undefined = undefined
  #isOver = false
  #reason: unknown = undefined

  constructor(above: Context, deadlineAt: number) {
    this.attempt = above.attempt
    this.deadlineAt = deadlineAt
    this.priority = above.priority
    this.#plain = above instanceof Scope ? above.#plain : above
  }

  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new Aborter()
      if (this.#isOver) this.#aborter.abort(this.#reason)
    }
    return this.#aborter.signal
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get reason(): unknown {
    return this.#reason
  }

  follow(follower: Follower): void {
    this.#followers ??= new Chain()
    this.#followers.add(follower)
  }

  unfollow(follower: Follower): void {
    this.#followers?.remove(follower)
  }

  abort(reason: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reason = reason
    this.#aborter?.abort(reason)
    for (let next = this.#followers?.first; next !== undefined; next = this.#followers?.first) {
      this.#followers?.remove(next)
      next.aborted()
    }
  }

  asContext(): Context {
    return { ...this.#plain, signal: this.signal, deadlineAt: this.deadlineAt }
  }
}

/** Whether the call was ended from above, and why; asking makes no signal. */
export function isOver(context: Context): boolean {
  if (context instanceof Scope) return context.isOver
  return !isNever(context.signal) && context.signal.aborted
}

export function reasonOf(context: Context): unknown {
  return context instanceof Scope ? context.reason : context.signal.reason
}

/** Tells `follower` when a call is ended from above. */
export function followContext(context: Context, follower: Follower): void {
  if (context instanceof Scope) context.follow(follower)
  else follow(context.signal, follower)
}

export function unfollowContext(context: Context, follower: Follower): void {
  if (context instanceof Scope) context.unfollow(follower)
  else unfollow(context.signal, follower)
}

/** Whether it could be ended from above at all. */
export function canEnd(context: Context): boolean {
  return context instanceof Scope || !isNever(context.signal)
}
