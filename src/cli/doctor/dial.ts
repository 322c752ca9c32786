import type { Refusal, Transport } from '../../socket/index.ts'
import { openTransport } from '../../socket/platform-transport.ts'
import type { Allowance } from './allowance.ts'
import { failureCode } from './request.ts'
import type { Target } from './target.ts'

/** What became of a connection. */
export interface Closed {
  readonly code: number
  readonly reason: string
  /** Whether both sides said so. */
  readonly wasClean: boolean
  /** The answer to a refused upgrade. */
  readonly refusal?: Refusal | undefined
  /** The platform's word for what went wrong. */
  readonly errorCode?: string | undefined
}

/** Messages of more bytes are not taken, and no more of them are kept. */
const mostBytes = 1_048_576
const mostMessages = 20

/** One connection to a WebSocket server, as it is: it is made once and never again. */
export class Dial {
  readonly messages: string[] = []
  /** How long it took until TCP, and TLS, stood, and until it was open, in ms. */
  transportMs: number | undefined
  openMs: number | undefined
  /** How long it was open, in ms; undefined where it was not, or still is. */
  aliveMs: number | undefined
  closed: Closed | undefined
  #transport: Transport
  #alive = 0
  readonly #allowance: Allowance
  readonly #changed = new Set<() => void>()

  constructor({ url, headers, protocols }: Target, allowance: Allowance) {
    allowance.take()
    this.#allowance = allowance
    const { clock } = allowance
    const from = clock.now()
    const tell = <Rest extends unknown[]>(act: (...rest: Rest) => void) => {
      return (...rest: Rest) => {
        act(...rest)
        for (const changed of [...this.#changed]) changed()
      }
    }
    const request = { url: url.href, protocols, headers, maxPayload: mostBytes, binaryType: 'arraybuffer' } as const
    this.#transport = openTransport(request, {
      connected: tell(() => {
        this.transportMs = clock.now() - from
      }),
      opened: tell(() => {
        this.openMs = clock.now() - from
      }),
      received: tell((data) => {
        if (typeof data === 'string' && this.messages.length < mostMessages) this.messages.push(data)
      }),
      alive: tell(() => {
        this.#alive++
      }),
      closed: tell((code, reason, wasClean, { refusal, error }) => {
        this.closed = { code, reason, wasClean, refusal, errorCode: failureCode(error) }
        if (this.openMs !== undefined) this.aliveMs = clock.now() - from - this.openMs
      }),
    })
  }

  /** Waits until it is open, or will never be; false if neither came in time. */
  settled(): Promise<boolean> {
    return this.#until(() => this.openMs !== undefined || this.closed !== undefined)
  }

  /** Waits for whatever it says by itself, or its end. */
  async listen(ms: number): Promise<void> {
    await this.#until(() => this.closed !== undefined, ms)
  }

  /** Pings; gives how long the answer took in ms, undefined where none came in time. */
  async ping(): Promise<number | undefined> {
    const { clock } = this.#allowance
    const before = this.#alive
    const from = clock.now()
    this.#transport.ping?.()
    await this.#until(() => this.#alive > before || this.closed !== undefined)
    return this.#alive > before ? clock.now() - from : undefined
  }

  /** Says something, and waits for what comes of it. */
  async say(text: string, ms: number): Promise<void> {
    this.#transport.send(text)
    await this.#until(() => this.closed !== undefined, ms)
  }

  /** Closes as one should, and waits for the other side to do the same. */
  async close(): Promise<void> {
    if (this.closed !== undefined) return
    this.#transport.close(1000, '')
    await this.#until(() => this.closed !== undefined)
  }

  /** Lets go, whatever it was doing. */
  end(): void {
    this.#transport.terminate()
  }

  #until(holds: () => boolean, ms?: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (held: boolean) => {
        this.#changed.delete(look)
        free()
        resolve(held)
      }
      const look = () => {
        if (holds()) done(true)
      }
      this.#changed.add(look)
      let free = () => {}
      free = this.#allowance.bound(() => done(false), ms)
      look()
    })
  }
}
