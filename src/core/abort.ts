/**
 * Being told when a signal aborts. However many calls hang on one long-lived signal, the signal carries a single
 * listener of ours: adding is one set entry and leaving is another, where `removeEventListener` walks a list
 * (10,000 calls on one signal would cost 10,000 steps each), and no platform warning about listener counts appears.
 */
const hubs = new WeakMap<AbortSignal, Set<() => void>>()

/** Runs `listener` once when `signal` aborts, at once if it already has. The function returned takes it back. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener()
    return nothing
  }
  let hub = hubs.get(signal)
  if (hub === undefined) {
    hub = new Set()
    hubs.set(signal, hub)
  }
  const listeners = hub
  if (listeners.size === 0) signal.addEventListener('abort', fire, { once: true })
  // A wrapper of our own, so that the same function given twice is two entries.
  const entry = () => listener()
  listeners.add(entry)
  return () => {
    if (listeners.delete(entry) && listeners.size === 0) signal.removeEventListener('abort', fire)
  }
}

function fire(this: AbortSignal): void {
  const listeners = hubs.get(this)
  if (listeners === undefined) return
  for (const entry of listeners) {
    // One by one, so that a listener taken back by the one before it is not told, as with the platform's own.
    listeners.delete(entry)
    try {
      entry()
    } catch (error) {
      // Reported as the platform reports it; thrown here, it would leave everybody after it untold.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function nothing(): void {}
