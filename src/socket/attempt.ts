import type { Context } from '../core/layer.ts'
import type { Verdict } from '../core/outcome.ts'
import { type Address, askAddress } from './ask-address.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import type { DialAttempt, Dialed, DialRoute } from './dial.ts'
import { SocketError } from './error.ts'
import type { Refusal } from './transport.ts'

/** What an attempt tells the connection that it is to become. */
export interface AttemptListener {
  /** It was let in, and asks where to dial. */
  admitted(): void
  /** It is its turn to dial there. */
  resolved(address: Address): void
  failed(error: unknown): void
  /** A later dial of another socket got through. */
  overtaken(): void
}

type AttemptOwner = Pick<ConnectionOwner<unknown>, 'route' | 'routeTo' | 'url' | 'protocols' | 'options' | 'runtime'>

let givenUp: SocketError | undefined

/** The part of a connection that is over when it is open: let in, asked for its address, dialed. */
export class Attempt implements DialAttempt {
  readonly #owner: AttemptOwner
  readonly #listener: AttemptListener
  readonly #abort = new AbortController()
  #settle: ((dialed: Dialed) => void) | undefined
  #address: Address | undefined
  #dialedAt = 0

  constructor(owner: AttemptOwner, listener: AttemptListener) {
    this.#owner = owner
    this.#listener = listener
  }

  /** Through the upstream's layers where it is known; before that its URL has to be asked for. */
  begin(attempt: number): void {
    const context: Context = { signal: this.#abort.signal, attempt, deadlineAt: Infinity, priority: 'normal' }
    const { route } = this.#owner
    if (route) this.#go(route, context)
    else this.#ask(context, ({ url }) => this.#go(this.#owner.routeTo(url), context))
  }

  /** It is its turn. Settles with what it says of the server, or when it is given up. */
  dial(context: Context): Promise<Dialed> {
    return new Promise((resolve) => {
      this.#settle = resolve
      const address = this.#address
      if (context.signal.aborted) resolve({ verdict: 'neutral' })
      else if (address) this.#dial(address)
      else this.#ask(context, (found) => this.#dial(found))
    })
  }

  overtaken(): void {
    this.#listener.overtaken()
  }

  /** How long the server has taken so far, in ms. */
  get tookMs(): number {
    return Math.round(this.#owner.runtime.clock.now() - this.#dialedAt)
  }

  /** What became of the dial. One that was still without a URL or a token says nothing of the server. */
  settle(verdict: Verdict, refusal?: Refusal): void {
    this.#settle?.({ verdict: this.#address ? verdict : 'neutral', refusal })
  }

  /** Leaves whatever it waits for. */
  end(): void {
    // One for all: an error with a stack for each failed dial was 8 % of what a storm costs.
    givenUp ??= new SocketError('closed', 'this dial was given up')
    this.#abort.abort(givenUp)
  }

  #dial(address: Address): void {
    this.#dialedAt = this.#owner.runtime.clock.now()
    this.#listener.resolved(address)
  }

  #go(route: DialRoute, context: Context): void {
    route.call(this, context).catch((error: unknown) => this.#listener.failed(error))
  }

  #ask(context: Context, found: (address: Address) => void): void {
    const { signal } = context
    this.#listener.admitted()
    askAddress(this.#owner, context).then(
      (address) => {
        if (signal.aborted) return
        this.#address = address
        this.#owner.routeTo(address.url)
        found(address)
      },
      (error) => this.#listener.failed(error),
    )
  }
}
