/*! Contains lru-cache, (c) Isaac Z. Schlueter and contributors, under https://blueoakcouncil.org/license/1.0.0 */
import { LRUCache } from 'lru-cache'

export interface Bounds {
  readonly maxEntries: number
  readonly maxBytes: number
}

/** More than that many the platform's own collections cannot hold. */
const mostEntries = 2 ** 24

/** Entries by key, bounded by their number and their bytes; the one used longest ago goes first. */
export class Entries<Entry extends object> {
  readonly #lru: LRUCache<string, Entry>
  readonly #weighs: boolean
  evicted = 0

  constructor({ maxEntries, maxBytes }: Bounds) {
    this.#weighs = maxBytes !== Infinity
    this.#lru = new LRUCache<string, Entry>({
      max: Math.min(maxEntries, mostEntries),
      ...(this.#weighs && { maxSize: Math.max(1, Math.floor(Math.min(maxBytes, Number.MAX_SAFE_INTEGER))) }),
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.evicted++
      },
    })
  }

  get size(): number {
    return this.#lru.size
  }

  get bytes(): number {
    return this.#weighs ? this.#lru.calculatedSize : 0
  }

  get(key: string): Entry | undefined {
    return this.#lru.get(key)
  }

  /** Without counting as use. */
  peek(key: string): Entry | undefined {
    return this.#lru.peek(key)
  }

  /** One that weighs more than all may together is not kept. */
  put(key: string, entry: Entry, bytes = 1): void {
    // The library keeps the old weight of an entry that is there already.
    if (this.#weighs) this.#lru.delete(key)
    this.#lru.set(key, entry, this.#weighs ? { size: Math.max(1, Math.ceil(bytes)) } : {})
  }

  delete(key: string): boolean {
    return this.#lru.delete(key)
  }

  /** Empties it, and gives what was in it. */
  drain(): Entry[] {
    const all = [...this.#lru.values()]
    this.#lru.clear()
    return all
  }
}

/** The bytes of a value, as far as they can be told without knowing it. */
export function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength
  try {
    return 2 * (JSON.stringify(value)?.length ?? 4)
  } catch {
    return 1
  }
}
