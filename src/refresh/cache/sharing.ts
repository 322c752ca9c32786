import type { Coordination } from '../../coordination/coordination.ts'
import type { Runtime } from '../../core/runtime.ts'
import type { Fresh, Load } from '../refreshable/index.ts'
import { type ShareNeeds, shareValue, together } from '../sharing/index.ts'

/** The failure of another one's load that was just tried, where that is all that is known of it. */
const failedElsewhere = 'another one of those who share it failed to load it just now'

/** How long a failure is given to all who ask while there is no value at all, in ms. */
export const sharedFailureMs = 1_000

interface Patience {
  readonly timeoutMs: number
  readonly failureMs: number
}

/** Values of a cache, shared with others as JSON. */
export class Sharing<Value> {
  readonly #needs: Omit<ShareNeeds<Value>, 'key'>
  readonly #name: string
  readonly #failureMs: number
  /** Writes by hand that are under way: a load must not read what they are about to replace. */
  readonly #writes = new Map<string, Promise<unknown>>()

  constructor(coordination: Coordination, name: string, runtime: Runtime, { timeoutMs, failureMs }: Patience) {
    this.#name = name
    this.#failureMs = failureMs
    this.#needs = {
      coordination,
      runtime,
      patienceMs: Math.min(timeoutMs / 2, 30_000),
      encode: (value) => value,
      decode: (value) => value as Value,
      // Values have no identity: what counts is when they were made, and clocks are good to a second.
      same: () => false,
      newerByMs: 1_000,
    }
  }

  load(key: string, alone: Load<Value>): Load<Value> {
    const agreed = together<Value>({
      ...this.#needs,
      key: this.#keyOf(key),
      load: alone,
      quiet: () => ({ quietMs: this.#failureMs, sharedMs: sharedFailureMs }),
      failure: (retryAfterMs) => Object.assign(new Error(failedElsewhere), { retryAfterMs }),
    })
    return async (context) => {
      await this.#writes.get(key)
      return agreed(context)
    }
  }

  /** Puts a value there, or takes away what is there. What cannot be written is known here alone. */
  write(key: string, fresh: Fresh<Value> | undefined): void {
    const writing = Promise.resolve(this.#writes.get(key))
      .then(() => shareValue({ ...this.#needs, key: this.#keyOf(key) }, fresh))
      .catch(() => {})
      .then(() => {
        if (this.#writes.get(key) === writing) this.#writes.delete(key)
      })
    this.#writes.set(key, writing)
  }

  #keyOf(key: string): string {
    return `${this.#name}:${key}`
  }
}
