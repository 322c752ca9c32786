import type { Begin } from './contenders.ts'

const key = 'order 42'

/** What one writes who wants every caller to be able to leave: a promise and a listener for each. */
export const begin: Begin = (origin, signals) => {
  const flights = new Map<string, Promise<string>>()
  const join = (signal: AbortSignal) => {
    let flight = flights.get(key)
    if (flight === undefined) {
      flight = origin().finally(() => flights.delete(key))
      flights.set(key, flight)
    }
    const work = flight
    return new Promise<string>((resolve, reject) => {
      const leave = () => reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      work.then(
        (value) => {
          signal.removeEventListener('abort', leave)
          resolve(value)
        },
        (error: unknown) => {
          signal.removeEventListener('abort', leave)
          reject(error)
        },
      )
    })
  }
  return (caller) => join(signals[caller]!)
}
