import type { Runtime } from '../core/runtime.ts'
import type { UpstreamHealth } from './health.ts'
import { Upstream, type UpstreamOptions } from './upstream.ts'

/** More authorities than a client talks to; a proxy that meets more forgets those it used longest ago. */
const mostUpstreams = 1_000

const forgotten = -1

/** The upstreams of one client, by key. Bounded: beyond the bound, idle ones are forgotten, longest unused first. */
export class Registry {
  readonly #options: UpstreamOptions
  readonly #runtime: Runtime
  readonly #upstreams = new Map<string, Upstream>()
  #uses = 0
  /** Holds on all of them, those included that nobody has talked to yet. */
  readonly #holds = new Set<{ readonly of: Map<string, Disposable> }>()

  constructor(options: UpstreamOptions, runtime: Runtime) {
    this.#options = options
    this.#runtime = runtime
    // A first one that nobody keeps: bad options are reported when the client is built, not at its first call.
    new Upstream('', options, runtime)
  }

  get(key: string): Upstream {
    const known = this.#upstreams.get(key)
    const upstream = known ?? this.#add(key)
    upstream.usedAt = ++this.#uses
    return upstream
  }

  /** The same again for one that `get` has given: itself, unless it was forgotten since. */
  use(upstream: Upstream): Upstream {
    if (upstream.usedAt === forgotten) return this.get(upstream.authority)
    upstream.usedAt = ++this.#uses
    return upstream
  }

  #add(key: string): Upstream {
    const upstream = new Upstream(key, this.#options, this.#runtime)
    // Before the new one is in: it has no calls yet, and where all others are busy it would be the one to go.
    if (this.#upstreams.size >= mostUpstreams) this.#makeRoom()
    this.#upstreams.set(key, upstream)
    for (const hold of this.#holds) hold.of.set(key, upstream.circuit.isolate())
    return upstream
  }

  /** Holds one circuit open, or without a key all of them, until disposed of. */
  isolate(key?: string): Disposable {
    if (key !== undefined) return this.get(key).circuit.isolate()
    const hold = { of: new Map<string, Disposable>() }
    this.#holds.add(hold)
    for (const [known, upstream] of this.#upstreams) hold.of.set(known, upstream.circuit.isolate())
    return {
      [Symbol.dispose]: () => {
        this.#holds.delete(hold)
        for (const one of hold.of.values()) one[Symbol.dispose]()
        hold.of.clear()
      },
    }
  }

  health(): Record<string, UpstreamHealth> {
    const all: [string, UpstreamHealth][] = []
    for (const [key, upstream] of this.#upstreams) all.push([key, upstream.health()])
    return Object.fromEntries(all)
  }

  #makeRoom(): void {
    while (this.#upstreams.size >= mostUpstreams) {
      let oldest: Upstream | undefined
      for (const upstream of this.#upstreams.values()) {
        if ((oldest === undefined || upstream.usedAt < oldest.usedAt) && upstream.idle) oldest = upstream
      }
      if (oldest === undefined) return
      this.#upstreams.delete(oldest.authority)
      oldest.usedAt = forgotten
    }
  }
}
