import type { SocketEventMap } from './events.ts'

/** `onopen` and its like, as the standard has them. */
type HandlerMap = {
  [Type in keyof SocketEventMap as `on${Type}`]: ((event: SocketEventMap[Type]) => unknown) | null
}

type Listener<Type extends keyof SocketEventMap> =
  | ((event: SocketEventMap[Type]) => unknown)
  | { handleEvent(event: SocketEventMap[Type]): unknown }
  | null

/** An `EventTarget` that knows the events of a socket. */
interface TypedTarget extends EventTarget, HandlerMap {
  addEventListener<Type extends keyof SocketEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void
  removeEventListener<Type extends keyof SocketEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | EventListenerOptions,
  ): void
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void
}

export const SocketTarget = EventTarget as { new (): TypedTarget; prototype: TypedTarget }

/**
 * Gives a class its event handler attributes: a handler keeps the place in the order of listeners that its first value
 * had, and anything that is no function is null (HTML, 8.1.8.1).
 */
export function defineHandlers(prototype: EventTarget, types: readonly string[]): void {
  for (const type of types) {
    const handlers = new WeakMap<EventTarget, { handler: ((event: Event) => unknown) | null }>()
    Object.defineProperty(prototype, `on${type}`, {
      enumerable: true,
      configurable: true,
      get(this: EventTarget) {
        return handlers.get(this)?.handler ?? null
      },
      set(this: EventTarget, given: unknown) {
        const handler = typeof given === 'function' ? (given as (event: Event) => unknown) : null
        const known = handlers.get(this)
        if (known) known.handler = handler
        else if (handler) {
          const entry: { handler: ((event: Event) => unknown) | null } = { handler }
          handlers.set(this, entry)
          this.addEventListener(type, (event) => entry.handler?.call(this, event))
        }
      },
    })
  }
}
