import type { Random } from '../../core/random.ts'
import type { Answer, RequestServer } from '../servers/request-server.ts'
import type { World } from '../world.ts'
import { type AttemptEnd, type HttpFormula, timedOut } from './http-formulas.ts'
import type { RetryQuota } from './retry-quotas.ts'
import type { Circuit } from './sampling-breaker.ts'

export interface RivalClientOptions {
  readonly world: World
  readonly random: Random
  readonly server: RequestServer
  readonly formula: HttpFormula
  /** The patience of one attempt, in ms. */
  readonly attemptMs: number
  /** Asked before each attempt; once it says no, nothing more is sent: a formula that never gives up must end somewhere. */
  readonly mayAsk?: () => boolean
}

/** One call on its way. */
interface RivalCall {
  readonly startedAt: number
  readonly waits: ReturnType<HttpFormula['waits']>
  readonly done: (ok: boolean) => void
  attempts: number
  /** What the last retry took of the quota. */
  lastCost: number | undefined
}

/** A client that sends requests again by a published formula. */
export class RivalClient {
  readonly #options: RivalClientOptions
  readonly #quota: RetryQuota | undefined
  readonly #circuit: Circuit | undefined

  constructor(options: RivalClientOptions) {
    this.#options = options
    this.#quota = options.formula.quota?.()
    this.#circuit = options.formula.circuit?.(options.world)
  }

  /** Makes a call; `done` is told whether it succeeded in the end. */
  call(done: (ok: boolean) => void): void {
    const { world, formula, random } = this.#options
    const startedAt = world.clock.now()
    this.#attempt({ startedAt, waits: formula.waits(random), done, attempts: 0, lastCost: undefined })
  }

  #attempt(call: RivalCall): void {
    const { mayAsk } = this.#options
    if (mayAsk?.() === false) return
    call.attempts++
    if (this.#circuit === undefined) {
      this.#send(call, (end, hintMs) => this.#ended(call, end, hintMs))
      return
    }
    this.#circuit.enter(
      (told) =>
        this.#send(call, (end, hintMs) => {
          told(end === 200)
          this.#ended(call, end, hintMs)
        }),
      // A refusal is an error like any other to the retry around it.
      () => this.#ended(call, 0, undefined),
    )
  }

  #send(call: RivalCall, ended: (end: AttemptEnd, hintMs: number | undefined) => void): void {
    const { world, server, formula, attemptMs } = this.#options
    const spentMs = formula.oneTimeout ? world.clock.now() - call.startedAt : 0
    let cancel: (() => void) | undefined
    const leave = server.ask(({ status, retryAfterMs }: Answer) => {
      cancel?.()
      ended(status, retryAfterMs)
    })
    cancel = world.later(attemptMs - spentMs, () => {
      leave()
      ended(timedOut, undefined)
    })
  }

  #ended(call: RivalCall, end: AttemptEnd, hintMs: number | undefined): void {
    const { world, formula, attemptMs } = this.#options
    if (end === 200) {
      this.#quota?.succeeded(call.lastCost)
      call.done(true)
      return
    }
    this.#quota?.failed()
    const waitMs = this.#waitAfter(call, end, hintMs)
    const now = world.clock.now()
    const inTime = !formula.oneTimeout || now - call.startedAt + (waitMs ?? 0) < attemptMs
    if (waitMs === undefined || !inTime || !this.#pays(call, end)) call.done(false)
    else world.later(waitMs, () => this.#attempt(call))
  }

  /** How long it waits before it tries again, in ms; `undefined` if it does not. */
  #waitAfter(call: RivalCall, end: AttemptEnd, hintMs: number | undefined): number | undefined {
    const { formula, random, attemptMs } = this.#options
    if (call.attempts >= formula.attempts || !formula.retries(end)) return undefined
    const ownMs = call.waits(call.attempts, end)
    if (hintMs === undefined || formula.heeds === undefined) return ownMs
    // Servers write whole seconds.
    return formula.heeds(Math.ceil(hintMs / 1_000) * 1_000, ownMs, attemptMs, random)
  }

  #pays(call: RivalCall, end: AttemptEnd): boolean {
    if (this.#quota === undefined) return true
    call.lastCost = this.#quota.spend(end)
    return call.lastCost !== undefined
  }
}
