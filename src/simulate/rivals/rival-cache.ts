import type { Random } from '../../core/random.ts'
import type { World } from '../world.ts'
import type { CacheFormula } from './cache-formulas.ts'

export interface RivalCacheOptions<Value> {
  readonly world: World
  readonly random: Random
  readonly formula: CacheFormula
  readonly ttlMs: number
  /** How long a load may take, in ms. */
  readonly timeoutMs: number
  /** Loads a value; `hear` gets it, or nothing. The function returned leaves. */
  load(hear: (value: Value | undefined) => void): () => void
}

interface Entry<Value> {
  value?: Value
  endsAt: number
  /** What the last load took, in ms. */
  tookMs: number
  loading: Promise<Value> | undefined
}

/** A cache that loads by a published rule. */
export class RivalCache<Value> {
  readonly #options: RivalCacheOptions<Value>
  readonly #entries = new Map<string, Entry<Value>>()

  constructor(options: RivalCacheOptions<Value>) {
    this.#options = options
  }

  async get(key: string): Promise<Value> {
    const { world, formula } = this.#options
    const entry = this.#entries.get(key) ?? { endsAt: -Infinity, tookMs: 0, loading: undefined }
    this.#entries.set(key, entry)
    const now = world.clock.now()
    if (now + this.#earlyMs(entry) < entry.endsAt) return entry.value as Value
    // By XFetch the one who comes early waits for the new value, and the others do not.
    if (now >= entry.endsAt + formula.staleMs || formula.beta !== undefined) return this.#load(entry)
    this.#load(entry).catch(() => {})
    return entry.value as Value
  }

  #earlyMs({ tookMs }: Entry<Value>): number {
    const { formula, random } = this.#options
    return formula.beta === undefined ? 0 : -tookMs * formula.beta * Math.log(1 - random())
  }

  #load(entry: Entry<Value>): Promise<Value> {
    if (!this.#options.formula.shares) return this.#fetch(entry)
    entry.loading ??= this.#fetch(entry).finally(() => {
      entry.loading = undefined
    })
    return entry.loading
  }

  #fetch(entry: Entry<Value>): Promise<Value> {
    const { world, ttlMs, timeoutMs, load } = this.#options
    const askedAt = world.clock.now()
    return new Promise((resolve, reject) => {
      const leave = load((value) => {
        cancel()
        if (value === undefined) {
          reject(new Error('no value'))
          return
        }
        const now = world.clock.now()
        Object.assign(entry, { value, endsAt: now + ttlMs, tookMs: now - askedAt })
        resolve(value)
      })
      const cancel = world.later(timeoutMs, () => {
        leave()
        reject(new Error('too late'))
      })
    })
  }
}
