/** Work that ends when told to, and says how often it was begun and what its signal is. */
export function work<T>() {
  const starts: (PromiseWithResolvers<T> & { readonly signal: AbortSignal })[] = []
  const start = (signal: AbortSignal) => {
    const deferred = { ...Promise.withResolvers<T>(), signal }
    starts.push(deferred)
    return deferred.promise
  }
  return { starts, start, last: () => starts.at(-1) as (typeof starts)[number] }
}
