import { messageEvent } from '#transport'
import type { Runtime } from '../core/runtime.ts'
import { originOf } from './address.ts'
import type { Loss } from './classify.ts'
import type { Connection } from './connection.ts'
import type { EngineListener } from './engine-listener.ts'
import { closeEvent, eventWith } from './events.ts'
import type { State, Suspension } from './machine/index.ts'
import type { Sending } from './sending.ts'
import type { SocketEvent } from './socket-event.ts'

/** What a teller looks up when it tells. */
export interface TellerSubject {
  readonly state: State
  readonly runtime: Runtime
  readonly options: { readonly session: unknown; readonly reconnect: boolean }
  readonly openTransport: { readonly platformEvents: boolean }
  /** Where it dialed last. */
  readonly address: URL | undefined
  readonly route: { readonly authority: string } | undefined
}

type Figures<Type extends SocketEvent['type']> = Omit<Extract<SocketEvent, { type: Type }>, 'type' | 'upstream'>

/** Turns what happens to a socket into events: of the socket for the page, and of the runtime for whoever watches it. */
export class Teller implements EngineListener {
  readonly #target: EventTarget
  #origin = ''
  /** What was agreed with the server of the last connection; a socket still says so when it is closed. */
  protocol = ''
  extensions = ''
  /** Whether an `open` listener is running: what it sends goes before all that waits. */
  opening = false
  /** Both are there before anything happens. */
  subject!: TellerSubject
  sending!: Sending
  #rotations: ((done: boolean) => void)[] | undefined

  constructor(target: EventTarget) {
    this.#target = target
  }

  received(data: string | ArrayBuffer | Blob): void {
    const { options, openTransport } = this.subject
    // A socket that dials once is the platform's.
    const isPlain = !options.reconnect || openTransport.platformEvents
    this.#target.dispatchEvent(messageEvent(data, this.#origin, isPlain))
  }

  opened(connection: Connection): void {
    const { address } = this.subject
    this.#origin = address ? originOf(address) : ''
    this.#use(connection)
    const figures = { attempt: this.#attempt, recovered: connection.recovered }
    this.#emit('socket.opened', figures)
    this.opening = true
    this.#dispatch('open', figures)
    this.opening = false
  }

  moved(connection: Connection): void {
    // A session that began anew has missed something, which only an open event tells.
    if (this.subject.options.session && !connection.recovered) this.opened(connection)
    else this.#use(connection)
    this.rotated(true)
  }

  awaitRotation(resolve: (done: boolean) => void): void {
    this.#rotations ??= []
    this.#rotations.push(resolve)
  }

  rotated(done: boolean): void {
    const waiting = this.#rotations ?? []
    this.#rotations = undefined
    for (const resolve of waiting) resolve(done)
  }

  lost(loss: Loss, willReconnect: boolean): void {
    const { code, cause, failed, error } = loss
    this.rotated(false)
    if (!willReconnect) this.sending.end(...endOf(loss))
    if (failed) this.#dispatch('error', error === undefined ? {} : { error })
    this.#emit('socket.closed', { code, cause, willReconnect })
    this.#target.dispatchEvent(closeEvent(loss, willReconnect))
  }

  waiting({ cause }: Loss, delayMs: number): void {
    const figures = { attempt: this.#attempt, delayMs, cause }
    this.#emit('socket.waiting', figures)
    this.#dispatch('reconnecting', figures)
  }

  suspended(reason: Suspension): void {
    this.#emit('socket.suspended', { reason })
    this.#dispatch('suspended', { reason })
  }

  overflowed(count: number, bytes: number): void {
    this.#emit('socket.overflow', { count, bytes })
    this.#dispatch('overflow', { count, bytes })
  }

  flush(): void {
    this.sending.flush()
  }

  /** What was sent before the close goes out before it. */
  closing(forGood: boolean): void {
    // Else what waits goes over the connection that comes next.
    if (!forGood) return
    this.sending.flush(true)
    this.sending.end('closed', 'the socket is closing')
  }

  /** Which dial it is, counted from 1. */
  get #attempt(): number {
    return this.subject.state.memory.failures + 1
  }

  #use(connection: Connection): void {
    const { protocol = '', extensions = '' } = connection.transport ?? {}
    this.protocol = protocol
    this.extensions = extensions
  }

  #dispatch(type: string, figures: object): void {
    this.#target.dispatchEvent(eventWith(type, figures))
  }

  #emit<Type extends SocketEvent['type']>(type: Type, figures: Figures<Type>): void {
    const { runtime, route } = this.subject
    runtime.emit?.({ type, ...figures, upstream: route?.authority ?? '' })
  }
}

/** What those are told whose messages will not be sent. */
function endOf({ cause, code, status }: Loss): [reason: 'closed' | 'final', why: string] {
  if (cause === 'local') return ['closed', 'the socket is closed']
  return ['final', `the socket ended (${cause}, code ${code}${status === undefined ? '' : `, status ${status}`})`]
}
