import { number, numberOrInfinity, type Rules, resolve } from './options.ts'

export interface BudgetOptions {
  /**
   * The most tokens that can be saved up. 0 pays for no extra attempt at all; `Infinity` never refuses one.
   * @default 5
   */
  capacity: number
  /**
   * Tokens at the start, at most `capacity`. Few, because a fleet that starts into an outage starts with all of them.
   * @default 3
   */
  initial: number
  /**
   * Tokens earned by a call that succeeds at its first attempt. 0.1 pays for one extra attempt in ten calls.
   * @default 0.1
   */
  perSuccess: number
  /**
   * Tokens that an extra attempt costs. 0 makes extra attempts free.
   * @default 1
   */
  cost: number
  /**
   * Tokens that an extra attempt costs when the one before it timed out: the work of that one may still be queued at
   * the server.
   * @default 3
   */
  timeoutCost: number
}

export const budgetDefaults: Readonly<BudgetOptions> = {
  capacity: 5,
  initial: 3,
  perSuccess: 0.1,
  cost: 1,
  timeoutCost: 3,
}

const rules: Rules<BudgetOptions> = {
  capacity: numberOrInfinity(0),
  initial: numberOrInfinity(0),
  perSuccess: number(0, Number.MAX_VALUE),
  cost: number(0, Number.MAX_VALUE),
  timeoutCost: number(0, Number.MAX_VALUE),
}

/** Ten deposits of 0.1 add up to 0.9999999999999999. */
const rounding = 1e-9

/**
 * Pays for every extra attempt to one upstream: retry, hedge, redial and token refresh alike.
 *
 * It is funded by success, not by requests. A budget that earns from requests (the SRE book's 10 %, Finagle's 20 %)
 * keeps paying while nothing succeeds, and at 83 % load a stall then never ends; one that earns from success dries up
 * and lets the server recover. The idea is that of the gRPC retry throttle (gRFC A6); the refund for an extra attempt
 * that succeeds is that of the AWS SDKs' retry quota.
 */
export class Budget {
  readonly options: Readonly<BudgetOptions>
  #tokens: number

  constructor(options?: Partial<BudgetOptions>, owner = 'budget') {
    this.options = resolve(owner, budgetDefaults, rules, options)
    const { capacity, initial } = this.options
    // A bucket without a brim that started with a few would run dry all the same.
    this.#tokens = capacity === Infinity ? Infinity : Math.min(initial, capacity)
  }

  get tokens(): number {
    return this.#tokens
  }

  /** What an extra attempt costs now. */
  cost(afterTimeout: boolean): number {
    return afterTimeout ? this.options.timeoutCost : this.options.cost
  }

  /** A call succeeded at its first attempt. */
  earn(): void {
    this.#add(this.options.perSuccess)
  }

  /** Takes the whole cost or nothing; false means that the extra attempt must not be made. */
  spend(cost: number): boolean {
    if (this.#tokens + rounding < cost) return false
    this.#tokens = Math.max(0, this.#tokens - cost)
    return true
  }

  /** The extra attempt succeeded (or was never sent): it cost nothing. */
  refund(cost: number): void {
    this.#add(cost)
  }

  #add(tokens: number): void {
    this.#tokens = Math.min(this.options.capacity, this.#tokens + tokens)
  }
}
