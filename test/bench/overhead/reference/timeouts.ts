const tickMs = 50

/** An attempt as a link of the chain of all that wait. */
export interface Waiting {
  endsAt: number
  before: Waiting | undefined
  after: Waiting | undefined
  expire(): void
}

/** Attempts in the order in which they started, which is the order in which they end: all have the same patience. One timer, which ticks. */
export class Timeouts {
  readonly #ticks: number
  #first: Waiting | undefined
  #last: Waiting | undefined
  #now = 0
  #armed = false

  constructor(ms: number) {
    this.#ticks = Math.ceil(ms / tickMs) + 1
  }

  add(one: Waiting): void {
    one.endsAt = this.#now + this.#ticks
    one.before = this.#last
    if (this.#last) this.#last.after = one
    else this.#first = one
    this.#last = one
    if (!this.#armed) this.#arm()
  }

  remove(one: Waiting): void {
    const { before, after } = one
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
  }

  #arm(): void {
    this.#armed = true
    setTimeout(this.#tick, tickMs)
  }

  readonly #tick = (): void => {
    this.#armed = false
    this.#now++
    while (this.#first && this.#first.endsAt <= this.#now) this.#first.expire()
    if (this.#first) this.#arm()
  }
}
