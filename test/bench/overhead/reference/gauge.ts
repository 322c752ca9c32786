/** One who waits for a place. */
interface Queued {
  run(): void
}

const windowMs = 30_000
const slices = 10
const minCalls = 20
const inARow = 10
const openMs = 1_000
const capacity = 5

/** What the reference knows of its upstream: budget, gate, limit, circuit and latency. */
export class Gauge {
  readonly #queue: Queued[] = []
  readonly #successes = new Float64Array(slices)
  readonly #failures = new Float64Array(slices)
  #slice = 0
  #allSuccesses = 0
  #allFailures = 0
  #row = 0
  #opensAt = -Infinity
  #isOpen = false
  #probing = false
  #shutUntil = -Infinity
  #tokens = 3
  #limit: number
  #inFlight = 0
  #searching = true
  #cutAt = -Infinity
  #bestMs = Infinity
  #sumMs = 0

  constructor(atOnce: number) {
    this.#limit = atOnce
  }

  /** Why nothing may be sent now. */
  refusal(): Error | undefined {
    if (this.#shutUntil > 0 && performance.now() < this.#shutUntil) return new Error('the gate is shut')
    if (!this.#isOpen) return undefined
    if (this.#probing || performance.now() < this.#opensAt) return new Error('the circuit is open')
    this.#probing = true
    return undefined
  }

  /** Whether there is room; else it is run when there is. */
  enter(call: Queued): boolean {
    if (this.#inFlight >= Math.floor(this.#limit)) {
      this.#queue.push(call)
      return false
    }
    this.#inFlight++
    return true
  }

  leave(): void {
    this.#inFlight--
    while (this.#queue.length > 0 && this.#inFlight < Math.floor(this.#limit)) {
      this.#inFlight++
      this.#queue.shift()?.run()
    }
  }

  succeeded(tookMs: number, now: number): void {
    this.#turn(now)
    this.#successes[this.#slice % slices]! += 1
    this.#allSuccesses++
    this.#row = 0
    this.#isOpen = false
    this.#probing = false
    this.#sumMs += tookMs
    this.#bestMs = Math.min(this.#bestMs, tookMs)
    if (this.#inFlight + 1 < this.#limit || tookMs > Math.max(1, this.#bestMs) * 3) return
    this.#limit += this.#searching ? 1 : 1 / this.#limit
  }

  failed(timedOut: boolean, now: number): void {
    this.#turn(now)
    this.#failures[this.#slice % slices]! += 1
    this.#allFailures++
    this.#row++
    if (timedOut && now - this.#cutAt > 1_000) {
      this.#cutAt = now
      this.#searching = false
      this.#limit = Math.max(3, this.#inFlight / 2)
    }
    const all = this.#allSuccesses + this.#allFailures
    const trips = this.#row >= inARow || (all >= minCalls && this.#allFailures / all >= 0.5)
    if (!trips && !this.#probing) return
    this.#isOpen = true
    this.#probing = false
    this.#opensAt = now + openMs / 2 + (Math.random() * openMs) / 2
  }

  /** A server asked to stay away. */
  shut(forMs: number): void {
    this.#shutUntil = performance.now() + forMs
  }

  /** The mean latency of attempts that were answered, in ms. */
  get meanMs(): number {
    return this.#sumMs / this.#allSuccesses
  }

  earn(): void {
    this.#tokens = Math.min(capacity, this.#tokens + 0.1)
  }

  spend(cost: number): boolean {
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }

  /** Forgets what is older than the window. */
  #turn(now: number): void {
    const slice = Math.floor((now * slices) / windowMs)
    for (; this.#slice < slice; this.#slice++) {
      const next = (this.#slice + 1) % slices
      this.#allSuccesses -= this.#successes[next]!
      this.#allFailures -= this.#failures[next]!
      this.#successes[next] = 0
      this.#failures[next] = 0
    }
  }
}
