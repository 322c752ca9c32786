import type { Random } from '../../core/random.ts'
import type { IdentityProvider, TokenAnswer } from '../servers/identity-provider.ts'
import type { World } from '../world.ts'
import type { TokenFormula } from './token-formulas.ts'

export interface RivalTokenOptions {
  readonly world: World
  readonly random: Random
  readonly provider: Pick<IdentityProvider, 'request'>
  readonly formula: TokenFormula
  /** How long it waits for an answer, in ms. */
  readonly timeoutMs: number
  /** Told of every new token. */
  readonly onToken: () => void
}

/** A token: when it ends, on the world's clock. */
export interface HeldToken {
  readonly endsAt: number
  readonly lifetimeMs: number
}

/** A token that is renewed by a published formula. */
export class RivalToken {
  readonly #options: RivalTokenOptions
  #held: HeldToken | undefined
  #renewal: Promise<HeldToken> | undefined
  #notBefore = 0
  #closed = false
  #cancel: (() => void) | undefined

  constructor(options: RivalTokenOptions) {
    this.#options = options
  }

  async get(): Promise<HeldToken> {
    const { world, formula } = this.#options
    const held = this.#held
    const now = world.clock.now()
    if (held === undefined) return this.#renew()
    const leftMs = held.endsAt - now
    if (leftMs > formula.earlyMs(held.lifetimeMs)) return held
    const paused = now < this.#notBefore
    if (leftMs > formula.waitsMs) {
      if (!paused) this.#renew().catch(() => {})
      return held
    }
    const old = () => {
      const good = held.endsAt > world.clock.now()
      if (formula.keeps === 'ended' || (formula.keeps === 'good' && good)) return held
      throw new Error('no token')
    }
    return paused ? old() : this.#renew().catch(old)
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #renew(): Promise<HeldToken> {
    if (!this.#options.formula.shares) return this.#request()
    this.#renewal ??= this.#request().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  async #request(): Promise<HeldToken> {
    const { world, formula, random } = this.#options
    for (;;) {
      const askedAt = world.clock.now()
      const { status, token, retryAfterMs } = await this.#answer()
      if (token) return this.#take(token, askedAt)
      this.#notBefore = world.clock.now() + formula.pauseMs(status, retryAfterMs, random)
      const good = this.#held !== undefined && this.#held.endsAt > world.clock.now()
      if (formula.repeatsMs === undefined || !good || this.#closed) throw new Error('no token')
      await world.clock.sleep(formula.repeatsMs)
    }
  }

  /** What the provider says; status 0 where nothing comes in time. */
  #answer(): Promise<TokenAnswer> {
    const { world, provider, timeoutMs } = this.#options
    return new Promise((resolve) => {
      const leave = provider.request((answer) => {
        cancel()
        resolve(answer)
      })
      const cancel = world.later(timeoutMs, () => {
        leave()
        resolve({ status: 0 })
      })
    })
  }

  #take({ lifetimeMs }: NonNullable<TokenAnswer['token']>, askedAt: number): HeldToken {
    const { world, formula } = this.#options
    this.#held = { lifetimeMs, endsAt: askedAt + lifetimeMs }
    this.#cancel?.()
    if (formula.everyMs && !this.#closed) {
      const again = () => {
        this.#cancel = world.later(formula.everyMs?.(lifetimeMs) ?? Infinity, again)
        this.#renew().catch(() => {})
      }
      this.#cancel = world.later(formula.everyMs(lifetimeMs), again)
    }
    this.#options.onToken()
    return this.#held
  }
}
