import type { Call, Layer } from '../core/layer.ts'
import { OptionsError } from '../core/options.ts'

export interface PerKeyNeeds<Key, Req, Res> {
  keyOf: (request: Req) => Key
  /** Makes the layer of a key at its first request. */
  layerOf: (key: Key) => Layer<Req, Res>
  /**
   * How many keys of text or numbers are kept; the one used longest ago is forgotten first, once no call of it runs.
   * Keys that are objects are kept as long as somebody else holds them. 1,000 if absent.
   */
  maxKeys?: number
}

interface Kept<Req, Res> {
  readonly call: Call<Req, Res>
  running: number
}

/**
 * Gives every key a layer of its own, so that what is learned about one host, tenant or route is not held against
 * another.
 */
export function perKey<Key, Req, Res>(needs: PerKeyNeeds<Key, Req, Res>): Layer<Req, Res> {
  const { keyOf, layerOf, maxKeys = 1_000 } = needs
  if (!(maxKeys >= 1)) throw new OptionsError('perKey.maxKeys', `perKey.maxKeys wants at least 1, got ${maxKeys}`)
  return (next, runtime) => {
    const objects = new WeakMap<object, Call<Req, Res>>()
    const kept = new Map<Key, Kept<Req, Res>>()
    const make = (key: Key) => layerOf(key)(next, runtime)

    return (request, context) => {
      const key = keyOf(request)
      if (typeof key === 'object' && key !== null) {
        let call = objects.get(key)
        if (call === undefined) {
          call = make(key)
          objects.set(key, call)
        }
        return call(request, context)
      }
      const entry = kept.get(key) ?? { call: make(key), running: 0 }
      // Taken out and put in again: a Map keeps the order of insertion, so the first is the one used longest ago.
      kept.delete(key)
      kept.set(key, entry)
      entry.running++
      forgetIdle(kept, maxKeys)
      const done = () => {
        entry.running--
      }
      const result = entry.call(request, context)
      result.then(done, done)
      return result
    }
  }
}

function forgetIdle<Key, Req, Res>(kept: Map<Key, Kept<Req, Res>>, maxKeys: number): void {
  if (kept.size <= maxKeys) return
  for (const [key, entry] of kept) {
    if (entry.running > 0) continue
    kept.delete(key)
    if (kept.size <= maxKeys) return
  }
}
