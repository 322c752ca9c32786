/** Who of a fleet has recovered, and when. */
export class Recovery {
  readonly #backAt: Float64Array
  #back = 0

  constructor(clients: number) {
    this.#backAt = new Float64Array(clients).fill(Number.NaN)
  }

  /** One has recovered. */
  back(client: number, atMs: number): void {
    if (Number.isNaN(this.#backAt[client])) this.#back++
    this.#backAt[client] = atMs
  }

  /** One is away (again). */
  away(client: number): void {
    if (!Number.isNaN(this.#backAt[client])) this.#back--
    this.#backAt[client] = Number.NaN
  }

  /** Whether this one has recovered. */
  has(client: number): boolean {
    return !Number.isNaN(this.#backAt[client])
  }

  /** How many have recovered. */
  get count(): number {
    return this.#back
  }

  get share(): number {
    return this.#back / this.#backAt.length
  }

  get complete(): boolean {
    return this.#back === this.#backAt.length
  }

  /** How long it took until half, 99 of 100 and all were back, in ms from a moment; null where they are not. */
  times(fromMs: number): { t50Ms: number | null; t99Ms: number | null; tAllMs: number | null } {
    const took = this.#backAt.filter((at) => at >= fromMs).sort()
    const until = (share: number) => {
      const at = took[Math.ceil(share * this.#backAt.length) - 1]
      return at === undefined ? null : Math.round(at - fromMs)
    }
    return { t50Ms: until(0.5), t99Ms: until(0.99), tAllMs: until(1) }
  }
}
