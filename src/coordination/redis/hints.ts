import type { Runtime } from '../../core/runtime.ts'
import type { Ears, RedisPort } from './port.ts'

interface Channel {
  readonly hints: Set<() => void>
  /** The server has said that it is subscribed. */
  subscribed: boolean
  /** A hint is on its way. */
  cancel?: (() => void) | undefined
}

/** What a Redis that does other things as well serves without effort; it does ten times that. */
const readsPerMs = 10

/** The widest wait for a hint. After a reconnect nobody knows how many have come back with us. */
const widestMs = 1_000

/**
 * Who wants to know of which channel, and the one connection that hears of it. A message says how many heard it, and
 * their reads are spread so that Redis sees no more than it serves. It is opened for the first who watches.
 */
export class Hints {
  readonly #port: RedisPort
  readonly #runtime: Runtime
  readonly #channels = new Map<string, Channel>()
  #ears: Ears | undefined
  #connected = false
  #closed = false

  constructor(port: RedisPort, runtime: Runtime) {
    this.#port = port
    this.#runtime = runtime
  }

  watch(name: string, hint: () => void): () => void {
    if (this.#closed) return () => {}
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      channel = { hints: new Set(), subscribed: false }
      this.#channels.set(name, channel)
      this.#subscribe(name, channel, 0)
    }
    const { hints } = channel
    // A wrapper of its own, so that the same function given twice is two; late, so that what it throws is its own affair.
    const tell = () => queueMicrotask(() => hints.has(tell) && hint())
    hints.add(tell)
    return () => {
      if (!hints.delete(tell) || hints.size > 0 || this.#channels.get(name)?.hints !== hints) return
      this.#channels.get(name)?.cancel?.()
      this.#channels.delete(name)
      if (this.#ears?.ready()) this.#ears.unsubscribe(name).catch(() => {})
    }
  }

  /** Whether a message to this channel would come. */
  hears(name: string): boolean {
    return this.#ears?.ready() === true && this.#channels.get(name)?.subscribed === true
  }

  close(): void {
    this.#closed = true
    for (const { cancel } of this.#channels.values()) cancel?.()
    this.#channels.clear()
    this.#ears?.close()
  }

  #subscribe(name: string, channel: Channel, withinMs: number): void {
    try {
      this.#ears ??= this.#port.listen(
        (heard, message) => this.#hear(heard, message),
        () => this.#ready(),
      )
    } catch {
      // A client that gives no second connection: then only looking now and then is left.
      return
    }
    channel.subscribed = false
    // While it is not, there is nobody to tell, and being ready subscribes everything.
    if (!this.#ears.ready()) return
    const subscribed = () => {
      channel.subscribed = true
      // What was said before is lost, so it begins with a look.
      this.#hint(channel, withinMs)
    }
    this.#ears.subscribe(name).then(subscribed, () => {})
  }

  #ready(): void {
    if (this.#closed) return
    // The first time nothing has been missed for long, and somebody waits.
    const withinMs = this.#connected ? widestMs : 0
    this.#connected = true
    for (const [name, channel] of this.#channels) this.#subscribe(name, channel, withinMs)
  }

  #hear(name: string, message: string): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    const listeners = Number(message.slice(message.lastIndexOf(' ') + 1)) || 0
    this.#hint(channel, Math.min(widestMs, listeners / readsPerMs))
  }

  #hint(channel: Channel, withinMs: number): void {
    if (this.#closed) return
    const { clock, random } = this.#runtime
    const tell = () => {
      channel.cancel = undefined
      for (const hint of [...channel.hints]) hint()
    }
    if (withinMs === 0) {
      channel.cancel?.()
      tell()
    } else channel.cancel ??= clock.setTimer(random() * withinMs, tell)
  }
}
