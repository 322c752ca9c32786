import { authorityOf } from '../core/authority.ts'
import type { Runtime } from '../core/runtime.ts'
import type { ProtocolsSource, UrlProvider } from './address.ts'
import { type Alarm, type Sleeper, setAlarm } from './alarm.ts'
import { decide, type Loss } from './classify.ts'
import { Connection } from './connection.ts'
import type { ConnectionOwner } from './connection-owner.ts'
import { Connections } from './connections.ts'
import type { DialRoute } from './dial.ts'
import type { EngineListener, EngineNeeds } from './engine-listener.ts'
import { Heartbeat } from './heartbeat.ts'
import { deadlineOf, type Effect, type Input, initialState, type Now, type State, step } from './machine/index.ts'
import type { Resolved } from './resolve-options.ts'
import { routeOf, sharedRoute } from './routes.ts'
import { nowhere, type Surroundings, type SurroundingsListener, surround } from './surroundings.ts'
import type { BinaryType, OpenTransport } from './transport.ts'

/** Runs the machine's rules: owns the one timer, the connections and the ears, and does what the rules say. */
export class Engine implements ConnectionOwner<Connection>, SurroundingsListener, Sleeper {
  readonly options: Resolved
  readonly runtime: Runtime
  readonly openTransport: OpenTransport
  readonly protocols: ProtocolsSource
  readonly url: URL | UrlProvider
  binaryType: BinaryType = 'blob'
  route: DialRoute | undefined
  /** Where it dialed last. */
  address: URL | undefined
  readonly #surroundings: Surroundings | undefined
  readonly #listener: EngineListener
  #state: State
  readonly #connections = new Connections()
  #heartbeat: Heartbeat | undefined
  #alarm: Alarm | undefined
  /** What the connection that is being closed had left to send. */
  #unsent = Infinity

  constructor(url: URL | UrlProvider, protocols: ProtocolsSource, needs: EngineNeeds) {
    this.url = url
    this.protocols = protocols
    this.options = needs.options
    this.runtime = needs.runtime
    this.openTransport = needs.openTransport
    this.#surroundings = surround(this.options, needs.environment, this)
    this.#listener = needs.listener
    this.#state = initialState(this.options.rules)
    if (typeof url !== 'function') this.routeTo(url)
    this.#surroundings?.listen()
    // Whoever makes a socket hangs its listeners on it first.
    queueMicrotask(() => this.feed({ type: 'connect' }))
  }

  get state(): State {
    return this.#state
  }

  /** The connection in use. */
  get live(): Connection | undefined {
    return this.#connections.live
  }

  /** How this address is dialed; the socket's own from now on. */
  routeTo(url: URL): DialRoute {
    const { upstreamOf } = this.options
    this.address = url
    this.route = upstreamOf
      ? routeOf(upstreamOf(url), this.runtime, this.options.maxPatienceMs)
      : sharedRoute(authorityOf(url), this.runtime, this.options.runtime)
    return this.route
  }

  /** One step of the machine, and all that it asks for. */
  feed(input: Input): void {
    const [state, effects] = step(this.#state, input, this.#now(), this.options.rules)
    this.#state = state
    if (state.live === undefined) this.#heartbeat?.stop()
    // A socket that waits keeps its process alive: somebody needs it.
    this.#alarm = setAlarm(this.#alarm, this, deadlineOf(state), state.live === undefined)
    // Closing is asynchronous, though there is nothing to wait for.
    if (state.name === 'closing' && state.live === undefined) queueMicrotask(() => this.due(0))
    for (const effect of effects) this.#run(effect, state)
  }

  lost(connection: Connection, given: Loss): void {
    const { classify, token } = this.options
    const offline = this.#surroundings?.online === false
    const loss = offline ? { ...given, cause: 'local' as const } : decide(given, classify)
    if (loss.cause === 'auth' && connection.token) token?.rejected(connection.token)
    this.#connections.forget(connection)
    this.feed({ type: 'lost', generation: connection.generation, loss })
  }

  received(data: string | ArrayBuffer | Blob, connection: Connection): void {
    if (this.#connections.counts(connection)) this.#listener.received(data)
  }

  flush(): void {
    this.#listener.flush()
  }

  #run(effect: Effect, state: State): void {
    const listener = this.#listener
    // A listener may have moved things on while this was told: what is no more true is not told.
    const current = this.#state === state
    switch (effect.do) {
      case 'begin':
        if (this.#state.attempt?.generation !== effect.generation) return
        this.#connections.begin(new Connection(this, effect.generation), state.memory.failures + 1)
        return
      case 'adopt':
        this.#adopt()
        return
      case 'drop':
        this.#connections.drop(effect.generation, effect.cause)
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

  #adopt(): void {
    const before = this.#connections.adopt()
    const { live } = this
    if (live === undefined) return
    const { heartbeat, rules } = this.options
    this.#heartbeat?.stop()
    if (heartbeat) this.#heartbeat = new Heartbeat(heartbeat, this.runtime, live)
    if (before) {
      before.close(1000)
      this.#listener.moved(live)
      this.runtime.clock.setTimer(rules.closeMs, () => before.drop('local'))
    } else this.#listener.opened(live)
    if (this.live === live) this.flush()
  }

  #close({ code, reason }: Loss): void {
    const { live } = this
    this.#listener.closing(this.#state.name === 'closing')
    this.#unsent = Infinity
    live?.close(code === 1005 ? undefined : code, reason)
    this.#detach()
  }

  /** Lets go of a connection that the state has none of any more. */
  #detach(): void {
    if (this.#state.live === undefined) this.#connections.detach()
  }

  due(lateMs: number): void {
    const unsent = this.live?.transport?.bufferedAmount ?? 0
    if (this.#state.name === 'closing' && unsent > 0 && unsent < this.#unsent) {
      // What was sent before the close is still on its way out, and gets the same time again.
      this.#unsent = unsent
      this.#state = { ...this.#state, dueAt: this.runtime.clock.now() + this.options.rules.closeMs }
      this.#alarm = setAlarm(this.#alarm, this, this.#state.dueAt, false)
    } else this.feed({ type: 'due', lateMs })
  }

  #now(): Now {
    const { clock, random } = this.runtime
    return { at: clock.now(), chance: random(), ...(this.#surroundings?.look() ?? nowhere) }
  }

  changed(network: boolean): void {
    // The network that it went over may be gone, or the page was frozen for longer than the server waits.
    if (this.#state.live) this.#heartbeat?.check()
    this.feed({ type: 'world', network })
  }

  aborted(): void {
    const loss: Loss = { cause: 'local', code: 1000, reason: '', wasClean: true }
    // Not in the middle of the constructor, when nobody listens yet.
    queueMicrotask(() => this.feed({ type: 'close', loss }))
  }

  #finish(): void {
    this.#surroundings?.leave()
    this.#connections.dropRetired()
  }

  /** Begins anew, also after the end. */
  reconnect(): void {
    this.#surroundings?.listen()
    this.feed({ type: 'reconnect' })
  }
}
