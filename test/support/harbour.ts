import { type DialRequest, encodeHint, type OpenTransport, type TransportListener } from '../../src/socket/index.ts'
import type { ManualClock } from '../../src/testing/index.ts'
import { type Berth, VirtualTransport, wayMs } from './virtual-transport.ts'

/** A kernel sends a SYN that nobody answered again, so long after the first, in ms; then it gives up. */
const synAgainMs = [1_000, 3_000, 7_000, 15_000, 31_000, 63_000]

export interface HarbourOptions {
  clock: ManualClock
  /** Handshakes per second. One whose client has left still costs its time. */
  perSecond: number
  /** Handshakes that may wait; a SYN beyond them is dropped at no cost. Unbounded if absent. */
  backlog?: number
  /** Whether TCP stands only when the server has served the handshake, as where it does its own TLS. */
  lateTransport?: boolean
  /** Whether the clients' platform tells that TCP stands: Node does, browsers do not. */
  seesTransport?: boolean
  /** Beyond this queue, in ms, a handshake is sent away for a twentieth of its cost, with the slot in which to come. */
  shedsBeyondMs?: number
  /** How: by a 503 with `Retry-After`, or by a connection that is closed at once with the slot as its reason. */
  shedsBy?: 'status' | 'reason'
  /** Whether pings wait behind the handshakes. */
  pingsQueue?: boolean
}

/** A server in virtual time: one queue of handshakes, served one after another. */
export class Harbour {
  readonly options: HarbourOptions
  readonly openTransport: OpenTransport
  /** Handshakes per second now. */
  perSecond: number
  /** Refuses connections at once. */
  down = false
  /** Answers nothing that comes over a connection: a black hole. */
  silent = false
  /** What it does with a connection that has just been opened. */
  greet: ((berth: Berth) => void) | undefined
  /** When somebody dialed. */
  dials: number[] = []
  /** When somebody pinged. */
  pings: number[] = []
  /** Handshakes served for clients that had left. */
  wasted = 0
  readonly #berths = new Set<VirtualTransport>()
  #freeAt = 0
  #slotAt = 0

  constructor(options: HarbourOptions) {
    this.options = options
    this.perSecond = options.perSecond
    const open = (_request: DialRequest, listener: TransportListener) => new VirtualTransport(this, listener)
    this.openTransport = Object.assign(open, { seesTransport: options.seesTransport ?? true, platformEvents: false })
  }

  /** Every connection ends now: without a word, or with a close frame. */
  dropAll(code = 1006, reason = ''): void {
    for (const berth of [...this.#berths]) berth.end(code, reason)
  }

  /** A message to everybody. */
  tellAll(text: string): void {
    for (const berth of [...this.#berths]) berth.tell(text)
  }

  /** Starts to count anew. */
  forget(): void {
    this.dials = []
    this.pings = []
    this.wasted = 0
  }

  get queueMs(): number {
    return Math.max(0, this.#freeAt - this.options.clock.now())
  }

  arrives(berth: VirtualTransport, syn = 0): void {
    const { clock, backlog = Infinity, lateTransport, shedsBeyondMs = Infinity } = this.options
    if (berth.gone) return
    if (this.down) {
      clock.setTimer(wayMs, () => berth.end(1006, ''))
      return
    }
    const serviceMs = 1_000 / this.perSecond
    if (serviceMs > 0 && this.queueMs >= backlog * serviceMs) {
      const again = synAgainMs[syn]
      if (again === undefined) berth.end(1006, '')
      else clock.setTimer(again - (synAgainMs[syn - 1] ?? 0), () => this.arrives(berth, syn + 1))
      return
    }
    if (!lateTransport) berth.connected()
    const shed = this.queueMs >= shedsBeyondMs
    // Who is sent away is told when all who wait, and all who were sent away before, will have been served.
    const slotMs = this.#slot(shed, serviceMs)
    this.#freeAt = Math.max(this.#freeAt, clock.now()) + (shed ? serviceMs / 20 : serviceMs)
    clock.setTimer(this.queueMs + wayMs, () => {
      if (berth.gone) this.wasted++
      else if (shed) this.#shed(berth, slotMs)
      else {
        if (lateTransport) berth.connected()
        this.#berths.add(berth)
        berth.opened()
        this.greet?.(berth.berth)
      }
    })
  }

  #shed(berth: VirtualTransport, slotMs: number): void {
    if (this.options.shedsBy !== 'reason') {
      berth.refused(slotMs)
      return
    }
    berth.opened()
    berth.end(1013, encodeHint({ afterMs: slotMs, withinMs: 0 }))
  }

  #slot(shed: boolean, serviceMs: number): number {
    const now = this.options.clock.now()
    if (!shed) return 0
    this.#slotAt = Math.max(this.#slotAt, this.#freeAt, now) + serviceMs
    return this.#slotAt - now
  }

  left(berth: VirtualTransport): void {
    this.#berths.delete(berth)
  }
}
