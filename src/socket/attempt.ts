import type { Context } from '../core/layer.ts'
import type { Verdict } from '../core/outcome.ts'
import { type Address, askAddress } from './ask-address.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import type { DialAttempt, Dialed, DialRoute } from './dial.ts'
import { SocketError } from './error.ts'
import type { Refusal } from './transport.ts'

/** The part of a connection that is over when it is open: let in, asked for its address, dialed. */
export interface Attempt {
  /** How long the server has taken so far, in ms. */
  tookMs(): number
  /** What became of the dial. One that was still without a URL or a token says nothing of the server. */
  settle(verdict: Verdict, refusal?: Refusal): void
  /** Leaves whatever it waits for. */
  end(): void
}

/** What an attempt tells the connection that it is to become. */
export interface AttemptListener {
  /** It was let in, and asks where to dial. */
  progress(step: 'admitted'): void
  /** It is its turn to dial there. */
  resolved(address: Address): void
  failed(error: unknown): void
  /** A later dial of another socket got through: this one hangs. */
  dead(cause: 'local'): void
}

type AttemptOwner = Pick<ConnectionOwner<unknown>, 'route' | 'routeTo' | 'url' | 'protocols' | 'options' | 'runtime'>

let givenUp: SocketError | undefined

/** Through the upstream's layers where it is known; before that its URL has to be asked for. */
export function beginAttempt(owner: AttemptOwner, listener: AttemptListener, attempt: number): Attempt {
  const { route, runtime } = owner
  const abort = new AbortController()
  const { signal } = abort
  const context: Context = { signal, attempt, deadlineAt: Infinity, priority: 'normal' }
  let settle: ((dialed: Dialed) => void) | undefined
  let address: Address | undefined
  let dialedAt = 0
  const failed = (error: unknown) => listener.failed(error)

  function dial(found: Address): void {
    dialedAt = runtime.clock.now()
    listener.resolved(found)
  }

  function ask(found: (address: Address, route: DialRoute) => void): void {
    listener.progress('admitted')
    askAddress(owner, context).then((asked) => {
      if (signal.aborted) return
      address = asked
      found(asked, owner.routeTo(asked.url))
    }, failed)
  }

  const dialing: DialAttempt = {
    // It is its turn. Settles with what it says of the server, or when it is given up.
    dial: () =>
      new Promise((resolve) => {
        settle = resolve
        if (signal.aborted) resolve({ verdict: 'neutral' })
        else if (address) dial(address)
        else ask(dial)
      }),
    overtaken: () => listener.dead('local'),
  }
  const go = (by: DialRoute) => void by.call(dialing, context).catch(failed)
  if (route) go(route)
  else ask((_, found) => go(found))
  return {
    tookMs: () => Math.round(runtime.clock.now() - dialedAt),
    settle: (verdict, refusal) => settle?.({ verdict: address ? verdict : 'neutral', refusal }),
    end() {
      // One for all: an error with a stack for each failed dial was 8 % of what a storm costs.
      givenUp ??= new SocketError('closed', 'this dial was given up')
      abort.abort(givenUp)
    },
  }
}
