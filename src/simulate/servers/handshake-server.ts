import { type DialRequest, encodeHint, type OpenTransport, type TransportListener } from '../../socket/index.ts'
import { type Network, type Reach, synEndMs, synRepeatMs } from '../network.ts'
import type { World } from '../world.ts'
import { type Job, ServiceQueue } from './service-queue.ts'
import { type Berth, type Host, VirtualTransport } from './virtual-transport.ts'

export interface HandshakeServerOptions {
  /** Handshakes per second. One whose client has left still costs its time. */
  readonly perSecond: number
  /** Handshakes that may wait; a SYN beyond them is dropped at no cost, and repeated. Unbounded if absent. */
  readonly backlog?: number
  /** Whether TCP stands only when the server has served the handshake, as where it does its own TLS. */
  readonly lateTransport?: boolean
  /** Whether the clients' platform tells that TCP stands: Node does, browsers do not. */
  readonly seesTransport?: boolean
  /** Beyond this queue, in ms, a handshake is sent away for a twentieth of its cost, with the slot in which to come. */
  readonly shedsBeyondMs?: number
  /** How: by a 503 with `Retry-After`, or by a connection that is closed at once with the slot as its reason. */
  readonly shedsBy?: 'status' | 'reason'
  /** Whether pings wait behind the handshakes. */
  readonly pingsQueue?: boolean
}

/** A WebSocket server: one queue of handshakes, served one after another. */
export class HandshakeServer implements Host {
  readonly world: World
  readonly network: Network
  readonly options: HandshakeServerOptions
  readonly openTransport: OpenTransport
  readonly seesTransport: boolean
  reach: Reach = 'open'
  /** Answers nothing that comes over a connection. */
  silent = false
  /** What it does with a connection that has just been opened. */
  greet: ((berth: Berth) => void) | undefined
  /** Told of every dial. */
  onDial: (() => void) | undefined
  /** Told of every ping. */
  onPing: (() => void) | undefined
  /** Handshakes served for clients that had left. */
  wasted = 0
  readonly #queue: ServiceQueue
  readonly #berths = new Set<VirtualTransport>()
  /** Handshakes that wait, or whose answer is on its way: those have no work left. */
  readonly #waiting = new Map<VirtualTransport, Job | undefined>()
  #coming = 0
  #slotAt = 0

  constructor(world: World, network: Network, options: HandshakeServerOptions) {
    this.world = world
    this.network = network
    this.options = options
    this.seesTransport = options.seesTransport ?? true
    this.#queue = new ServiceQueue(world)
    const open = (_request: DialRequest, listener: TransportListener) => new VirtualTransport(this, listener)
    this.openTransport = Object.assign(open, { seesTransport: this.seesTransport, platformEvents: false })
  }

  /** How fast it is, as a multiple of `perSecond`: 0 is frozen, `Infinity` has no queue. */
  set speed(speed: number) {
    this.#queue.speed = speed
  }

  /** How long a handshake waits that comes now, in ms. */
  get queueMs(): number {
    return this.#queue.waitMs
  }

  /** Handshakes that wait. */
  get queued(): number {
    return this.#queue.length + this.#queue.running
  }

  /** Connections that stand. */
  get connections(): number {
    return this.#berths.size
  }

  /** Those that may come to stand: dials on their way here, handshakes that wait, and answers on their way back. */
  get expected(): number {
    return this.#coming + this.#waiting.size
  }

  /** Every connection ends now: without a word, or with a close frame. */
  dropAll(code = 1006, reason = ''): void {
    for (const berth of [...this.#berths]) berth.end(code, reason)
  }

  /** The process ends: connections with a close frame or without a word, the handshakes that waited without one. */
  end(code = 1006, reason = ''): void {
    this.#queue.clear()
    for (const berth of [...this.#waiting.keys()]) berth.end(1006, '')
    this.#waiting.clear()
    // Each by itself: whoever wants the run to end is heard in between.
    for (const berth of this.#berths) this.world.later(0, () => berth.end(code, reason))
  }

  /** A message to everybody. */
  tellAll(text: string): void {
    for (const berth of [...this.#berths]) berth.tell(text)
  }

  dialed(): void {
    this.#coming++
    this.onDial?.()
  }

  pongAfterMs(): number {
    this.onPing?.()
    if (this.silent) return Infinity
    return this.options.pingsQueue ? this.queueMs : 0
  }

  /** A SYN has come, for the first time or again. */
  arrives(berth: VirtualTransport, repeats = 0): void {
    if (repeats === 0) this.#coming--
    if (berth.gone) return
    if (this.reach === 'refusing') {
      this.network.carry(() => berth.end(1006, ''))
      return
    }
    const { backlog = Infinity, lateTransport, shedsBeyondMs = Infinity } = this.options
    if (this.reach === 'black-hole' || this.#queue.length >= backlog || this.network.loses()) {
      const againMs = synRepeatMs[repeats]
      if (againMs === undefined) this.world.later(synEndMs, () => berth.end(1006, ''))
      else this.world.later(againMs, () => this.arrives(berth, repeats + 1))
      return
    }
    if (!lateTransport) berth.connected()
    const shed = this.queueMs >= shedsBeyondMs
    const serviceMs = 1_000 / this.options.perSecond
    // Who is sent away is told when all who wait, and all who were sent away before, will have been served.
    const slotMs = shed ? this.#slot(serviceMs) : 0
    this.#waiting.set(berth, undefined)
    const job = this.#queue.add(shed ? serviceMs / 20 : serviceMs, () => {
      this.#waiting.set(berth, undefined)
      this.network.carry(() => this.#serve(berth, shed, slotMs))
    })
    if (job) this.#waiting.set(berth, job)
  }

  left(berth: VirtualTransport): void {
    this.#berths.delete(berth)
    // Its work is still to be done, but nothing of the client need wait for that: a storm leaves millions of them.
    const job = this.#waiting.get(berth)
    if (job) job.done = this.#doneForNobody
    this.#waiting.delete(berth)
  }

  readonly #doneForNobody = () => {
    this.wasted++
  }

  #serve(berth: VirtualTransport, shed: boolean, slotMs: number): void {
    this.#waiting.delete(berth)
    if (berth.gone) this.wasted++
    else if (shed) this.#shed(berth, slotMs)
    else {
      if (this.options.lateTransport) berth.connected()
      this.#berths.add(berth)
      berth.opened()
      this.greet?.(berth.berth)
    }
  }

  #shed(berth: VirtualTransport, slotMs: number): void {
    if (this.options.shedsBy !== 'reason') {
      berth.refused(slotMs)
      return
    }
    berth.opened()
    berth.end(1013, encodeHint({ afterMs: slotMs, withinMs: 0 }))
  }

  #slot(serviceMs: number): number {
    const now = this.world.clock.now()
    this.#slotAt = Math.max(this.#slotAt, now + this.queueMs) + serviceMs
    return this.#slotAt - now
  }
}
