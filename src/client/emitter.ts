import { OptionsError } from '../core/options.ts'
import { reportFailure } from '../core/report.ts'
import type { Runtime, RuntimeEvent } from '../core/runtime.ts'
import type { BreakwaterEvent } from '../events.ts'

/** Hears one type of event, or all of them with `'*'`. The function returned stops it. */
export type Hear = <Type extends BreakwaterEvent['type'] | '*'>(
  type: Type,
  listener: (event: Type extends '*' ? BreakwaterEvent : Extract<BreakwaterEvent, { type: Type }>) => void,
) => () => void

/** Gives the runtime an ear only as long as somebody listens: without one no layer builds an event. */
export function createEmitter(runtime: Runtime): Hear {
  const listeners = new Map<(event: BreakwaterEvent) => void, string>()
  const emit = (event: RuntimeEvent) => {
    for (const [listener, type] of [...listeners]) {
      // One that was taken back by another, while this event was told, is not told any more.
      if ((type !== '*' && type !== event.type) || !listeners.has(listener)) continue
      try {
        listener(event as BreakwaterEvent)
      } catch (error) {
        reportFailure(error)
      }
    }
  }
  const on: Hear = (type, listener) => {
    if (typeof listener !== 'function')
      throw new OptionsError('on', `on wants a function to tell, got ${typeof listener}`)
    // Wrapped, so that one function can listen twice and leave once.
    const entry = (event: BreakwaterEvent) => listener(event as never)
    listeners.set(entry, type)
    runtime.emit = emit
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0) runtime.emit = undefined
    }
  }
  const given = runtime.emit
  if (given) on('*', given)
  return on
}
