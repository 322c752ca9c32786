import type { Random } from '../../core/random.ts'
import type { OpenTransport, Transport } from '../../socket/index.ts'
import type { World } from '../world.ts'
import type { SocketFormula } from './socket-formulas.ts'

export interface RivalSocketOptions {
  readonly world: World
  readonly random: Random
  readonly openTransport: OpenTransport
  readonly formula: SocketFormula
  /** Its handshake timeout, in ms; Infinity waits. */
  readonly timeoutMs: number
  onOpen(): void
  onClose(): void
  /** It gave up. */
  onEnd(): void
}

const request = {
  url: 'ws://server.test/',
  protocols: [],
  headers: {},
  maxPayload: Infinity,
  binaryType: 'blob',
} as const

/** A socket that dials again by a published formula, which begins anew with each connection that opens. */
export class RivalSocket {
  readonly #options: RivalSocketOptions
  #waits: (n: number, dialMs: number) => number
  #tries = 0

  constructor(options: RivalSocketOptions) {
    this.#options = options
    this.#waits = options.formula.waits(options.random)
    this.#dial()
  }

  #dial(): void {
    const { world, openTransport, timeoutMs, formula, random, onOpen, onClose } = this.#options
    const startedAt = world.clock.now()
    let open = false
    let transport: Transport | undefined
    const lost = () => {
      cancel()
      if (open) onClose()
      this.#again(open ? 0 : world.clock.now() - startedAt)
    }
    const cancel = world.later(timeoutMs, () => {
      transport?.terminate()
      lost()
    })
    transport = openTransport(request, {
      connected() {},
      opened: () => {
        open = true
        cancel()
        this.#tries = 0
        this.#waits = formula.waits(random)
        onOpen()
      },
      received() {},
      alive() {},
      closed: lost,
    })
  }

  #again(dialMs: number): void {
    const { world, formula, onEnd } = this.#options
    this.#tries++
    if (this.#tries > formula.tries) onEnd()
    else world.later(this.#waits(this.#tries, dialMs), () => this.#dial())
  }
}
