import { openTransport } from '#transport'
import { createRuntime, type Runtime, runtimeOf } from '../core/runtime.ts'
import type { ProtocolsSource, UrlProvider } from './address.ts'
import { type Alarm, setAlarm } from './alarm.ts'
import { decide, type Loss, parting } from './classify.ts'
import { Connection } from './connection.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import type { DialRoute } from './dial.ts'
import type { EngineListener } from './engine-listener.ts'
import { type Environment, pageEnvironment } from './environment.ts'
import { Heartbeat } from './heartbeat.ts'
import { closeMs, deadlineOf, type Effect, type Input, initialState, type State, step } from './machine/index.ts'
import type { Resolved } from './resolve-options.ts'
import { routeOf } from './routes.ts'
import { listen, look, type SurroundingsListener } from './surroundings.ts'
import type { BinaryType, OpenTransport, Refusals } from './transport.ts'

/** One for all sockets that are given none. */
const ofPlatform = /* @__PURE__ */ createRuntime()

/** Runs the machine's rules: owns the one timer, the connections and the ears, and does what the rules say. */
export class Engine implements ConnectionOwner<Connection>, SurroundingsListener {
  readonly options: Resolved
  readonly runtime: Runtime
  readonly openTransport: OpenTransport
  readonly protocols: ProtocolsSource
  readonly url: URL | UrlProvider
  binaryType: BinaryType = 'blob'
  route: DialRoute | undefined
  /** Where it dialed last. */
  address: URL | undefined
  state: State
  /** The connection in use. */
  live: Connection | undefined
  /** The one that is being made. */
  #next: Connection | undefined
  /** Rotated out, and not closed yet: what still comes over them counts. Made only for sockets that rotate. */
  #retired: Set<Connection> | undefined
  readonly #page: Environment | undefined
  readonly listener: EngineListener
  #leave: (() => void) | undefined
  #heartbeat: Heartbeat | undefined
  #alarm: Alarm | undefined

  constructor(url: URL | UrlProvider, protocols: ProtocolsSource, options: Resolved, listener: EngineListener) {
    const { runtime, transport = openTransport, environment = pageEnvironment() } = options
    this.url = url
    this.protocols = protocols
    this.options = options
    this.runtime = runtime ? runtimeOf(runtime) : ofPlatform
    this.openTransport = transport
    this.listener = listener
    // A socket that dials once does what the platform's does: nothing, when the page is hidden or comes back.
    this.#page = options.reconnect ? environment : undefined
    this.state = initialState(options)
    if (typeof url !== 'function') this.routeTo(url)
    this.#leave = listen(options, this.#page, this)
    // Whoever makes a socket hangs its listeners on it first.
    queueMicrotask(() => this.feed({ type: 'connect' }))
  }

  get refusals(): Refusals | undefined {
    return this.openTransport.refusals ?? openTransport.refusals
  }

  /** How this address is dialed; the socket's own from now on. */
  routeTo(url: URL): DialRoute {
    this.address = url
    this.route = routeOf(url, this)
    return this.route
  }

  /** One step of the machine, and all that it asks for. */
  feed(input: Input): void {
    const { clock, random } = this.runtime
    const unsent = this.live?.transport?.bufferedAmount ?? 0
    const now = { at: clock.now(), chance: random(), unsent, ...look(this.options, this.#page) }
    const [state, effects] = step(this.state, input, now, this.options)
    this.state = state
    if (!state.live) this.#heartbeat?.stop()
    // A socket that waits keeps its process alive: somebody needs it.
    this.#alarm = setAlarm(this.#alarm, clock, deadlineOf(state), !state.live, (lateMs) => {
      this.#alarm = undefined
      this.feed({ type: 'due', lateMs })
    })
    // Closing is asynchronous, though there is nothing to wait for.
    if (state.name === 'closing' && !state.live) queueMicrotask(() => this.feed({ type: 'due', lateMs: 0 }))
    for (const effect of effects) this.#run(effect, state)
  }

  lost(connection: Connection, given: Loss): void {
    const { classify, token } = this.options
    const offline = look(this.options, this.#page).blocked === 'offline'
    const loss = offline ? { ...given, cause: 'local' as const } : decide(given, classify)
    if (loss.cause === 'auth' && connection.token) token?.rejected(connection.token)
    this.#retired?.delete(connection)
    this.feed({ type: 'lost', generation: connection.generation, loss })
  }

  received(data: string | ArrayBuffer | Blob, connection: Connection): void {
    if (connection === this.live || this.#retired?.has(connection)) this.listener.received(data)
  }

  #run(effect: Effect, state: State): void {
    const { listener } = this
    // A listener may have moved things on while this was told: what is no more true is not told.
    const current = this.state === state
    switch (effect.do) {
      case 'begin':
        if (this.state.attempt?.generation !== effect.generation) return
        this.#next = new Connection(this, effect.generation)
        this.#next.begin(state.memory.failures + 1)
        return
      case 'adopt':
        this.#adopt()
        return
      case 'drop':
        for (const connection of [this.#next, this.live]) {
          if (connection?.generation === effect.generation) connection.drop(effect.cause)
        }
        return
      case 'close':
        this.#close(effect.loss)
        return
      case 'lost':
        this.#detach()
        if (!effect.willReconnect) this.#finish()
        listener.lost(effect.loss, effect.willReconnect)
        return
      case 'wait':
        if (current) listener.waiting(effect.loss, effect.delayMs)
        return
      case 'suspend':
        if (current) listener.suspended(effect.reason)
        return
      case 'stay':
        listener.rotated(false)
    }
  }

  /** The new connection takes over; one before it lives on until it is closed. */
  #adopt(): void {
    const { heartbeat } = this.options
    const before = this.live
    const live = this.#next
    this.live = live
    this.#next = undefined
    if (!live) return
    this.#heartbeat?.stop()
    if (heartbeat) this.#heartbeat = new Heartbeat(heartbeat, this.runtime, live)
    if (before) {
      this.#retired ??= new Set()
      this.#retired.add(before)
      before.transport?.close(1000)
      this.listener.moved(live)
      this.runtime.clock.setTimer(closeMs, () => before.drop('local'))
    } else this.listener.opened(live)
    if (this.live === live) this.listener.flush()
  }

  #close({ code, reason }: Loss): void {
    const { live } = this
    this.listener.closing(this.state.name === 'closing')
    // Chromium takes an `undefined` that is not the last argument for 0.
    if (code === 1005) live?.transport?.close()
    else live?.transport?.close(code, reason)
    this.#detach()
  }

  /** Lets go of a connection that the state has none of any more: what it says later is nobody's. */
  #detach(): void {
    if (this.state.live) return
    this.live?.end('local')
    this.live = undefined
  }

  changed(network: boolean): void {
    // The network that it went over may be gone, or the page was frozen for longer than the server waits.
    if (this.state.live) this.#heartbeat?.check()
    this.feed({ type: 'world', network })
  }

  aborted(): void {
    // Not in the middle of the constructor, when nobody listens yet.
    queueMicrotask(() => this.feed({ type: 'close', loss: parting }))
  }

  #finish(): void {
    this.#leave?.()
    this.#leave = undefined
    for (const connection of this.#retired ?? []) connection.drop('local')
    this.#retired = undefined
  }

  /** Begins anew, also after the end. */
  reconnect(): void {
    this.#leave ??= listen(this.options, this.#page, this)
    this.feed({ type: 'reconnect' })
  }
}
