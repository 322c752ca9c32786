import type { SocketEventMap } from './events.ts'

type Handler<Told> = ((event: Told) => unknown) | null

/**
 * `onopen` and its like, as the standard has them. What is set is told more of an open and a close than the platform
 * tells; what is read is typed as the platform's, so that the socket passes for a `WebSocket`.
 */
interface HandlerAttributes {
  get onopen(): Handler<Event>
  set onopen(handler: Handler<SocketEventMap['open']>)
  get onclose(): Handler<CloseEvent>
  set onclose(handler: Handler<SocketEventMap['close']>)
  onmessage: Handler<SocketEventMap['message']>
  onerror: Handler<SocketEventMap['error']>
  onreconnecting: Handler<SocketEventMap['reconnecting']>
  onsuspended: Handler<SocketEventMap['suspended']>
  onoverflow: Handler<SocketEventMap['overflow']>
}

type Listener<Type extends keyof SocketEventMap> =
  | ((event: SocketEventMap[Type]) => unknown)
  | { handleEvent(event: SocketEventMap[Type]): unknown }
  | null

type AnyListener = ((event: Event) => void) | { handleEvent(event: Event): void } | null

/** An `EventTarget` that knows the events of a socket. */
interface TypedTarget extends EventTarget, HandlerAttributes {
  addEventListener<Type extends keyof SocketEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(type: string, listener: AnyListener, options?: boolean | AddEventListenerOptions): void
  removeEventListener<Type extends keyof SocketEventMap>(
    type: Type,
    listener: Listener<Type>,
    options?: boolean | EventListenerOptions,
  ): void
  removeEventListener(type: string, listener: AnyListener, options?: boolean | EventListenerOptions): void
}

export const SocketTarget = EventTarget as { new (): TypedTarget; prototype: TypedTarget }

interface Entry {
  /** A function; or any other object, which is kept and never called. */
  value: object
  handleEvent(event: Event): unknown
}

/**
 * Gives a class its event handler attributes: a handler keeps the place in the order of listeners that its first value
 * had, until it is null; anything that is no object is null (HTML, 8.1.8.1).
 */
export function defineHandlers(prototype: EventTarget, types: readonly string[]): void {
  for (const type of types) {
    const entries = new WeakMap<EventTarget, Entry>()
    Object.defineProperty(prototype, `on${type}`, {
      enumerable: true,
      configurable: true,
      get(this: EventTarget) {
        return entries.get(this)?.value ?? null
      },
      set(this: EventTarget, value: unknown) {
        const known = entries.get(this)
        if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) {
          if (known) this.removeEventListener(type, known)
          entries.delete(this)
        } else if (known) known.value = value
        else {
          const entry: Entry = {
            value,
            handleEvent: (event) => typeof entry.value === 'function' && entry.value.call(this, event),
          }
          entries.set(this, entry)
          this.addEventListener(type, entry)
        }
      },
    })
  }
}
