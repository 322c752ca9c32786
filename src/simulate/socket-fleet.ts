import { type OpenTransport, parseHint, ReliableSocket, type Session } from '../socket/index.ts'
import { socketDefaults } from '../socket/options.ts'
import { refusals } from '../socket/refusals.ts'
import { choice, duration, type ValuesOf } from './parameter.ts'
import type { Recovery } from './recovery.ts'
import { RivalSocket } from './rivals/rival-socket.ts'
import { socketFormulas } from './rivals/socket-formulas.ts'
import { inSeconds } from './sentence.ts'
import type { World } from './world.ts'

/** What every scenario about sockets lets be set of them. */
export const socketParameters = {
  windowMs: duration('our first window after a loss that nobody explained', firstWindowMs()),
  maxWindowMs: duration('our widest window', socketDefaults.maxWindowMs, 1),
  patienceMs: duration('how long our first dial may take', socketDefaults.patienceMs, 1),
  timeouts: choice("rivals' handshake timeouts: 5 s for each of them, or what each ships with", ['equal', 'own']),
} as const

/** Long enough for every connection to count as proven before it is lost. */
const settleMs = 12_000

/** Nobody waits longer than this, in ms, for the last to connect: where packets take too long, some never do. */
const connectedMs = 600_000

/** With `timeouts: 'equal'`, as in the comparison of formulas that the field knows. */
const equalTimeoutMs = 5_000

/** What has to be said of a comparison: without it the rivals' figures are those of clients that nobody runs so. */
export function timeoutsSentence(
  compared: readonly unknown[],
  { timeouts, patienceMs }: ValuesOf<typeof socketParameters>,
): string {
  if (compared.length === 0) return ''
  if (timeouts === 'own') return ' Each rival gives up a handshake when it does as shipped, after 5 s where nothing is.'
  const ours = inSeconds(patienceMs)
  return ` Here every rival gives up a handshake after ${inSeconds(equalTimeoutMs)} (as shipped, some wait longer); ours waits ${ours}.`
}

export interface SocketFleetOptions {
  readonly world: World
  readonly clients: number
  /** The number of the first, where there are other fleets in the world. */
  readonly first?: number
  readonly policy: string
  readonly values: ValuesOf<typeof socketParameters>
  readonly openTransport: OpenTransport
  readonly recovery: Recovery
  /** Whether they read hints in what the server says; else only in how it closes. */
  readonly hinted?: boolean
}

/** Sockets of one policy, all to one place. */
export class SocketFleet {
  /** Those that gave up. */
  ended = 0
  /** Connections that were lost. */
  losses = 0
  readonly #options: SocketFleetOptions

  constructor(options: SocketFleetOptions) {
    this.#options = options
  }

  /** All connect, and have been connected for long enough to count. */
  async settle(): Promise<void> {
    const { world, clients, recovery } = this.#options
    const connected = () => recovery.count + this.ended >= clients
    const progress = () => 0
    await world.forEach(clients, (client) => this.#open(client))
    await world.run({ forMs: settleMs, progress })
    if (connected()) return
    // Packets are slow, or many get lost.
    await world.run({ forMs: connectedMs, done: connected, progress })
    await world.run({ forMs: settleMs, progress })
  }

  #open(client: number): void {
    const { world, policy, values, openTransport, recovery, hinted, first = 0 } = this.#options
    const onOpen = () => recovery.back(client, world.clock.now())
    const onClose = () => {
      this.losses++
      recovery.away(client)
    }
    const formula = socketFormulas.find(({ name }) => name === policy)
    if (formula) {
      const timeoutMs = values.timeouts === 'own' ? formula.timeoutMs : equalTimeoutMs
      const onEnd = () => this.ended++
      const random = world.random(first + client)
      new RivalSocket({ world, random, openTransport, formula, timeoutMs, onOpen, onClose, onEnd })
      return
    }
    const { windowMs, maxWindowMs, patienceMs } = values
    const socket = new ReliableSocket('ws://server.test/', [], {
      runtime: world.runtime(first + client),
      // A browser's own would read no refusal.
      transport: Object.assign(openTransport, { refusals }),
      firstWindowMs: { drop: windowMs },
      maxWindowMs,
      patienceMs,
      ...(hinted && { session: hints }),
    })
    socket.addEventListener('open', onOpen)
    socket.addEventListener('close', onClose)
  }
}

/** A protocol that knows nothing but hints. It remembers nothing, so all sockets share it. */
const hints: Session = {
  opened: (link) => link.ready(),
  received(frame, link) {
    const hint = parseHint(String(frame))
    if (hint) link.hint(hint)
  },
}

function firstWindowMs(): number {
  const { firstWindowMs } = socketDefaults
  return typeof firstWindowMs === 'number' ? firstWindowMs : (firstWindowMs.drop ?? 0)
}
