/** Joins the one flight: the caller's number picks its signal. */
type Join = (caller: number) => Promise<unknown>

/** Begins a round of its own around `origin`, which all callers are to share. */
export type Begin = (origin: () => Promise<string>, signals: readonly AbortSignal[]) => Join

export interface Contender {
  /** Whether each caller brings a signal of its own. */
  readonly signals: boolean
  readonly load: () => Promise<Begin>
  /** Callers in a round; all others have 50,000. */
  readonly callers?: number
}

const key = 'order 42'

export const contenders: Readonly<Record<string, Contender>> = {
  'naive Map': {
    signals: false,
    load: async () => (origin) => {
      const flights = new Map<string, Promise<string>>()
      return () => {
        let flight = flights.get(key)
        if (flight === undefined) {
          flight = origin().finally(() => flights.delete(key))
          flights.set(key, flight)
        }
        return flight
      }
    },
  },
  'singleFlight, no signal of their own': {
    signals: false,
    load: async () => {
      const layer = await ourLayer()
      const { createContext } = await import('../../../src/layers/index.ts')
      return (origin) => {
        const call = layer(origin)
        const context = createContext()
        return () => call(key, context)
      }
    },
  },
  'singleFlight, one signal for all': {
    signals: false,
    load: async () => {
      const layer = await ourLayer()
      const { createContext } = await import('../../../src/layers/index.ts')
      const { signal } = new AbortController()
      return (origin) => {
        const call = layer(origin)
        return () => call(key, createContext({ signal }))
      }
    },
  },
  'createCache().get': {
    signals: false,
    load: async () => {
      const { createCache } = await import('../../../src/refresh/cache/index.ts')
      return (origin) => {
        const cache = createCache<string>({ ttlMs: 60_000, load: origin })
        return () => cache.get(key)
      }
    },
  },
  'async-cache-dedupe': {
    signals: false,
    load: async () => {
      const { createCache } = await import('async-cache-dedupe')
      return (origin) => {
        const cache = createCache({ ttl: 0, storage: { type: 'memory' } }).define('order', (_key: string) => origin())
        return () => cache.order(key)
      }
    },
  },
  'p-memoize': {
    signals: false,
    load: async () => {
      const { default: pMemoize } = await import('p-memoize')
      return (origin) => {
        const memoized = pMemoize((_key: string) => origin(), { cache: false })
        return () => memoized(key)
      }
    },
  },
  dataloader: {
    signals: false,
    load: async () => {
      const { default: DataLoader } = await import('dataloader')
      return (origin) => {
        const loader = new DataLoader<string, string>(async (keys) => {
          const value = await origin()
          return keys.map(() => value)
        })
        return () => loader.load(key)
      }
    },
  },
  'createFetch, singleFlight: true': {
    signals: false,
    callers: 5_000,
    load: async () => {
      const { createFetch } = await import('../../../src/index.ts')
      return (origin) => {
        const fetch = createFetch({ singleFlight: true, fetch: async () => new Response(await origin()) })
        return () => fetch('http://upstream.test/orders/42')
      }
    },
  },
  'naive Map, a signal each': {
    signals: true,
    load: async () => (await import('./naive-with-signals.ts')).begin,
  },
  'singleFlight, a signal each': {
    signals: true,
    load: async () => {
      const layer = await ourLayer()
      const { createContext } = await import('../../../src/layers/index.ts')
      return (origin, signals) => {
        const call = layer(origin)
        return (caller) => call(key, createContext({ signal: signals[caller]! }))
      }
    },
  },
  'createCache().get, a signal each': {
    signals: true,
    load: async () => {
      const { createCache } = await import('../../../src/refresh/cache/index.ts')
      return (origin, signals) => {
        const cache = createCache<string>({ ttlMs: 60_000, load: origin })
        return (caller) => cache.get(key, { signal: signals[caller] })
      }
    },
  },
}

async function ourLayer() {
  const { singleFlight, stack } = await import('../../../src/layers/index.ts')
  return (origin: () => Promise<string>) =>
    stack<string, string>([singleFlight({ keyOf: (request) => request })], () => origin())
}
