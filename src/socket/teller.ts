import type { Runtime } from '../core/runtime.ts'
import { originOf } from './address.ts'
import type { Loss } from './classify.ts'
import type { Connection } from './connection.ts'
import type { EngineListener } from './engine-listener.ts'
import { closeEvent, eventWith, platformMessage, SocketMessageEvent } from './events.ts'
import type { State, Suspension } from './machine/index.ts'
import type { Sending } from './sending.ts'
import type { SocketEvent } from './socket-event.ts'

/** What a teller looks up when it tells. */
export interface TellerSubject {
  readonly state: State
  readonly options: { readonly session: unknown }
  /** Where it dialed last. */
  readonly address: URL | undefined
  readonly route: { readonly authority: string } | undefined
}

type Untold<Told> = Told extends SocketEvent ? Omit<Told, 'upstream'> : never

/** Turns what happens to a socket into events: of the socket for the page, and of the runtime for whoever watches it. */
export class Teller implements EngineListener {
  readonly #target: EventTarget
  readonly #sending: Sending
  readonly #runtime: Runtime
  readonly #platformEvents: boolean
  #origin = ''
  /** What was agreed with the server of the last connection; a socket still says so when it is closed. */
  protocol = ''
  extensions = ''
  /** Whether an `open` listener is running: what it sends goes before all that waits. */
  opening = false
  subject: TellerSubject | undefined
  #rotations: ((done: boolean) => void)[] | undefined

  constructor(target: EventTarget, sending: Sending, runtime: Runtime, platformEvents: boolean) {
    this.#target = target
    this.#sending = sending
    this.#runtime = runtime
    this.#platformEvents = platformEvents
  }

  received(data: string | ArrayBuffer | Blob): void {
    const event = this.#platformEvents
      ? platformMessage(data, this.#origin)
      : new SocketMessageEvent(data, this.#origin)
    this.#target.dispatchEvent(event)
  }

  opened(connection: Connection): void {
    const { address, state } = this.subject ?? {}
    this.#origin = address ? originOf(address) : ''
    this.#use(connection)
    const figures = { attempt: (state?.memory.failures ?? 0) + 1, recovered: connection.recovered }
    this.#emit({ type: 'socket.opened', ...figures })
    this.opening = true
    this.#target.dispatchEvent(eventWith('open', figures))
    this.opening = false
  }

  moved(connection: Connection): void {
    // A session that began anew has missed something, which only an open event tells.
    if (this.subject?.options.session && !connection.recovered) this.opened(connection)
    else this.#use(connection)
    this.rotated(true)
  }

  #use(connection: Connection): void {
    const { protocol = '', extensions = '' } = connection.transport ?? {}
    this.protocol = protocol
    this.extensions = extensions
    this.#sending.use(connection)
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
    this.#sending.use(undefined)
    this.rotated(false)
    if (!willReconnect) this.#sending.end(...endOf(loss))
    if (loss.failed) {
      this.#target.dispatchEvent(
        loss.error === undefined ? new Event('error') : eventWith('error', { error: loss.error }),
      )
    }
    this.#emit({ type: 'socket.closed', code: loss.code, cause: loss.cause, willReconnect })
    this.#target.dispatchEvent(closeEvent(loss, willReconnect))
  }

  waiting({ cause }: Loss, delayMs: number): void {
    const figures = { attempt: (this.subject?.state.memory.failures ?? 0) + 1, delayMs, cause }
    this.#emit({ type: 'socket.waiting', ...figures })
    this.#target.dispatchEvent(eventWith('reconnecting', figures))
  }

  suspended(reason: Suspension): void {
    this.#emit({ type: 'socket.suspended', reason })
    this.#target.dispatchEvent(eventWith('suspended', { reason }))
  }

  overflowed(count: number, bytes: number): void {
    this.#emit({ type: 'socket.overflow', count, bytes })
    this.#target.dispatchEvent(eventWith('overflow', { count, bytes }))
  }

  flush(): void {
    this.#sending.flush()
  }

  /** What was sent before the close goes out before it. */
  closing(forGood: boolean): void {
    // Else what waits goes over the connection that comes next.
    if (!forGood) return
    this.#sending.flush(true)
    this.#sending.end('closed', 'the socket is closing')
  }

  #emit(told: Untold<SocketEvent>): void {
    const upstream = this.subject?.route?.authority ?? ''
    this.#runtime.emit?.({ ...told, upstream } as SocketEvent)
  }
}

/** What those are told whose messages will not be sent. */
function endOf({ cause, code, status }: Loss): [reason: 'closed' | 'final', why: string] {
  if (cause === 'local') return ['closed', 'the socket is closed']
  return ['final', `the socket ended (${cause}, code ${code}${status === undefined ? '' : `, status ${status}`})`]
}
