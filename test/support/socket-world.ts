import type { Clock } from '../../src/core/clock.ts'
import { type ManualClock, manualClock } from '../../src/core/manual-clock.ts'
import type { Runtime, RuntimeEvent } from '../../src/core/runtime.ts'
import {
  type DialRequest,
  type Environment,
  type OpenTransport,
  ReliableSocket,
  type SocketData,
  type SocketEventMap,
  type SocketOptions,
  type Transport,
  type TransportListener,
} from '../../src/socket/index.ts'

/** The server's side of one connection: it does what a test says, and nothing by itself. */
export class Wire implements Transport {
  readonly request: DialRequest
  readonly dialedAt: number
  readonly sent: SocketData[] = []
  bufferedAmount = 0
  protocol = ''
  extensions = ''
  binaryType: BinaryType
  /** What the close frame of our side said. */
  closing: { readonly code: number | undefined; readonly reason: string | undefined } | undefined
  terminated = false
  /** Whether the other side has ended it. */
  over = false
  pings = 0
  readonly ping: (() => void) | undefined
  readonly #listener: TransportListener

  constructor(request: DialRequest, listener: TransportListener, dialedAt: number, pings: boolean) {
    this.request = request
    this.binaryType = request.binaryType
    this.dialedAt = dialedAt
    this.#listener = listener
    if (pings) this.ping = () => void this.pings++
  }

  /** Neither side has begun to end it. */
  get isLive(): boolean {
    return !this.over && !this.terminated && this.closing === undefined
  }

  get texts(): string[] {
    return this.sent.map(String)
  }

  send(data: SocketData): void {
    this.sent.push(data)
  }

  close(code?: number, reason?: string): void {
    this.closing ??= { code, reason }
  }

  terminate(): void {
    this.terminated = true
  }

  connect(): void {
    if (!this.#gone) this.#listener.connected()
  }

  open(): this {
    this.connect()
    if (!this.#gone) this.#listener.opened()
    return this
  }

  /** Comes although the connection was let go of: what a platform had read before. */
  say(data: string | ArrayBuffer | Blob): void {
    if (!this.over) this.#listener.received(data)
  }

  pong(): void {
    if (!this.#gone) this.#listener.alive()
  }

  end(code = 1006, reason = '', fault?: number): void {
    if (this.#gone) return
    this.over = true
    this.#listener.closed(code, reason, code !== 1006, { failed: code === 1006, fault })
  }

  refuse(status: number, headers: Readonly<Record<string, string>> = {}): void {
    if (this.#gone) return
    this.over = true
    const refusal = { status, header: (name: string) => headers[name] }
    this.#listener.closed(1006, '', false, { failed: true, refusal })
  }

  /** Answers a close frame with the same code. */
  answerClose(): void {
    this.end(this.closing?.code ?? 1005, this.closing?.reason)
  }

  get #gone(): boolean {
    return this.over || this.terminated
  }
}

/** A page, or a machine, that goes offline and is looked away from by hand. */
export class Page implements Environment {
  #online: boolean
  #visible: boolean
  readonly #listeners = new Set<() => void>()

  constructor(online: boolean, visible: boolean) {
    this.#online = online
    this.#visible = visible
  }

  get listeners(): number {
    return this.#listeners.size
  }

  online(): boolean {
    return this.#online
  }

  visible(): boolean {
    return this.#visible
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  set({ online = this.#online, visible = this.#visible }: { online?: boolean; visible?: boolean }): void {
    this.#online = online
    this.#visible = visible
    for (const listener of [...this.#listeners]) listener()
  }
}

/** An event of a socket with its moment, and the figures that are its own. */
export interface Told {
  readonly type: keyof SocketEventMap
  readonly at: number
  readonly code?: number
  readonly reason?: string
  readonly cause?: string
  readonly wasClean?: boolean
  readonly willReconnect?: boolean
  readonly status?: number
  readonly attempt?: number
  readonly delayMs?: number
  readonly recovered?: boolean
  readonly count?: number
  readonly bytes?: number
  readonly data?: unknown
}

const types = ['open', 'message', 'error', 'close', 'reconnecting', 'suspended', 'overflow'] as const

/** Everything that a socket tells, in order. */
export function listenTo(socket: ReliableSocket, now: () => number): Told[] {
  const told: Told[] = []
  for (const type of types) {
    socket.addEventListener(type, (event) => {
      const { code, reason, wasClean, data } = event as Event & Told
      const figures = Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'isTrusted'))
      const platform = type === 'close' ? { code, reason, wasClean } : type === 'message' ? { data } : {}
      told.push({ type, at: now(), ...figures, ...platform } as Told)
    })
  }
  return told
}

export interface SocketWorldNeeds {
  /** Time that is shared with other worlds. */
  clock?: ManualClock
  /** What every draw gives; a function for more than one. */
  chance?: number | (() => number)
  page?: Page
  pings?: boolean
  seesTransport?: boolean
  platformEvents?: boolean
  /** What the server does with each dial, as soon as it comes. */
  serve?: (wire: Wire, index: number) => void
}

export interface SocketWorld {
  readonly clock: ManualClock
  readonly runtime: Runtime
  readonly transport: OpenTransport
  readonly wires: Wire[]
  /** Events of the runtime. */
  readonly events: RuntimeEvent[]
  /** Timers that were set, with whether a process would wait for them. */
  readonly timers: { readonly at: number; readonly ms: number; readonly keepsAlive: boolean }[]
  chance: number | (() => number)
  /** The connection dialed last. */
  readonly wire: Wire
  readonly live: Wire[]
  socket(options?: Partial<SocketOptions>, url?: ConstructorParameters<typeof ReliableSocket>[0]): ReliableSocket
  /** As `socket`, with everything that it tells, and open if `serve` or the caller opens it. */
  watched(options?: Partial<SocketOptions>): { readonly socket: ReliableSocket; readonly told: Told[] }
  /** A socket that is open. */
  opened(
    options?: Partial<SocketOptions>,
  ): Promise<{ readonly socket: ReliableSocket; readonly told: Told[]; readonly wire: Wire }>
  /** The waits that sockets announced, in ms. */
  readonly waits: number[]
}

/** One process in virtual time, whose sockets are real and whose connections are scripted. */
export function socketWorld(needs: SocketWorldNeeds = {}): SocketWorld {
  const { clock = manualClock() } = needs
  const wires: Wire[] = []
  const events: RuntimeEvent[] = []
  const timers: { at: number; ms: number; keepsAlive: boolean }[] = []
  const { pings = true, seesTransport = true, platformEvents = false } = needs
  const setTimer: Clock['setTimer'] = (ms, fn, keepsAlive = false) => {
    if (ms !== Infinity) timers.push({ at: clock.now(), ms, keepsAlive })
    return clock.setTimer(ms, fn, keepsAlive)
  }
  const open = (request: DialRequest, listener: TransportListener) => {
    const wire = new Wire(request, listener, clock.now(), pings)
    const index = wires.push(wire) - 1
    if (needs.serve) queueMicrotask(() => needs.serve?.(wire, index))
    return wire
  }
  const world: SocketWorld = {
    clock,
    runtime: {
      clock: { ...clock, now: clock.now, setTimer },
      random: () => (typeof world.chance === 'function' ? world.chance() : world.chance),
      emit: (event) => events.push(event),
    },
    transport: Object.assign(open, { seesTransport, platformEvents }),
    wires,
    events,
    timers,
    chance: needs.chance ?? 0.5,
    get wire() {
      const last = wires.at(-1)
      if (last === undefined) throw new Error('nobody has dialed')
      return last
    },
    get live() {
      return wires.filter((wire) => wire.isLive)
    },
    socket: (options = {}, url = 'ws://server.test/') =>
      new ReliableSocket(url, [], {
        runtime: world.runtime,
        transport: world.transport,
        environment: needs.page,
        ...options,
      }),
    watched(options) {
      const socket = world.socket(options)
      return { socket, told: listenTo(socket, clock.now) }
    },
    async opened(options) {
      const { socket, told } = world.watched(options)
      await clock.advance(0)
      const { wire } = world
      wire.open()
      await clock.advance(0)
      return { socket, told, wire }
    },
    get waits() {
      return events
        .filter(({ type }) => type === 'socket.waiting')
        .map((event) => (event as unknown as { delayMs: number }).delayMs)
    },
  }
  return world
}
