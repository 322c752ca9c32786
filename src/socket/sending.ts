import { onAbort } from '../core/abort.ts'
import { duration, object, type Rules, resolve } from '../core/options.ts'
import type { Runtime } from '../core/runtime.ts'
import type { Connection } from './connection.ts'
import { SocketError } from './error.ts'
import { bytesOf, copyOf, type Letter, Outbox, type OutboxOptions } from './outbox.ts'
import type { Session } from './session.ts'
import type { SocketData } from './transport.ts'

export interface DeliverOptions {
  /** How long the receipt may take, in ms; the message is taken back if it has not been sent by then. `Infinity` if absent. */
  ttlMs?: number | undefined
  /** Takes the message back, if it has not been sent, and ends the wait with its reason. */
  signal?: AbortSignal | undefined
}

const rules: Rules<DeliverOptions> = {
  ttlMs: duration,
  signal: object,
}

/** Above this, in bytes, the platform's own buffer gets nothing more of what waits. */
const highWater = 1_048_576

/** Messages sent in one go, and the pause after them in ms: a backlog that thousands of sockets bring back is a herd too. */
const burst = 128
const pauseMs = 10

/** What there is to know of a socket that sends. */
export interface Sender {
  readonly runtime: Runtime
  /** What messages go over; without it, they wait. */
  readonly live: Connection | undefined
  readonly options: { readonly outbox: Readonly<OutboxOptions>; readonly session: Session | undefined }
}

/** Who hears of messages that will not be sent. */
export interface SendingListener {
  overflowed(count: number, bytes: number): void
}

/** What goes out: over the connection where there is one, and into the queue where there is none. */
export class Sending {
  readonly #sender: Sender
  readonly #listener: SendingListener
  // Most sockets never need these, and a Set takes 160 bytes.
  #outbox: Outbox | undefined
  #receipts: Set<(error: unknown) => void> | undefined
  #pausing = false

  constructor(sender: Sender, listener: SendingListener) {
    this.#sender = sender
    this.#listener = listener
  }

  get queued(): { readonly count: number; readonly bytes: number } {
    return { count: this.#outbox?.size ?? 0, bytes: this.#outbox?.bytes ?? 0 }
  }

  /** `first`: before all that waits, as what an `open` listener sends comes first on the new connection. */
  send(data: SocketData, first: boolean): void {
    this.#sender.options.session?.check?.(data)
    if (!this.#handOver(data, first)) this.#wait({ data, bytes: 0 })
  }

  /** Resolves when the message has been handed over, or, with a session that acknowledges, when the server has it. */
  deliver(data: SocketData, given: DeliverOptions | undefined, first: boolean): Promise<void> {
    const { ttlMs = Infinity, signal } = resolve<DeliverOptions>('deliver', {}, rules, given)
    const { options, runtime } = this.#sender
    return new Promise((resolve, reject) => {
      options.session?.check?.(data)
      if (signal?.aborted) throw signal.reason
      const settle = (finish: () => void) => {
        this.#outbox?.remove(letter)
        this.#receipts?.delete(failed)
        cancel()
        leave?.()
        finish()
      }
      const failed = (error: unknown) => settle(() => reject(error))
      const letter: Letter = { data, bytes: 0, sent: () => settle(resolve), failed }
      const expired = () => failed(new SocketError('expired', `no receipt within ${ttlMs} ms`))
      const cancel = runtime.clock.setTimer(ttlMs, expired)
      const leave = signal && onAbort(signal, () => failed(signal.reason))
      this.#receipts ??= new Set()
      this.#receipts.add(failed)
      const crowded = this.#crowded
      if (crowded || !this.#handOver(data, first, letter.sent)) this.#wait(letter)
      if (crowded && !this.#pausing) this.#pause()
    })
  }

  /** Sends what waits, in order and no faster than it is taken; `all` does not wait for that. */
  flush(all = false): void {
    if (this.#pausing && !all) return
    for (let sent = 0; ; sent++) {
      const letter = this.#outbox?.first()
      if (!letter) return
      if (!all && (sent >= burst || this.#crowded)) {
        this.#pause()
        return
      }
      if (!this.#handOver(letter.data, true, letter.sent)) return
      this.#outbox?.remove(letter)
    }
  }

  /** Nothing more will be sent. */
  end(reason: 'closed' | 'final', why: string): void {
    this.#outbox?.fail(reason, why)
    for (const failed of [...(this.#receipts ?? [])]) failed(new SocketError(reason, `no receipt: ${why}`))
  }

  get #crowded(): boolean {
    return (this.#sender.live?.transport?.bufferedAmount ?? 0) > highWater
  }

  /** False where there is no connection, its session has no room, or others wait. */
  #handOver(data: SocketData, first: boolean, sent?: Letter['sent']): boolean {
    const { live, options } = this.#sender
    const { session } = options
    // A server that has said its last takes nothing more; the next connection does.
    if (!live || live.leaving || (!first && this.#outbox?.size)) return false
    const frame = session?.frame ? session.frame(data, sent) : data
    if (frame === undefined) return false
    live.send(frame)
    if (!session?.frame) sent?.()
    return true
  }

  /** The letter itself, since its sender may take it out again. */
  #wait(letter: Letter): void {
    letter.data = copyOf(letter.data)
    letter.bytes = bytesOf(letter.data)
    this.#outbox ??= new Outbox(this.#sender.options.outbox, (...lost) => this.#listener.overflowed(...lost))
    this.#outbox.add(letter)
  }

  #pause(): void {
    const resume = () => {
      this.#pausing = false
      this.flush()
    }
    this.#pausing = true
    this.#sender.runtime.clock.setTimer(pauseMs, resume, true)
  }
}
