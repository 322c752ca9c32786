import { onAbort } from '../core/abort.ts'
import { object, type Rules, resolve } from '../core/options.ts'
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
  ttlMs: { wants: 'ms of at least 0, or Infinity', holds: (value) => typeof value === 'number' && value >= 0 },
  signal: object,
}

/** Above this, in bytes, the platform's own buffer gets nothing more of what waits. */
const highWater = 1_048_576

/** Messages sent in one go, and the pause after them in ms: a backlog that thousands of sockets bring back is a herd too. */
const burst = 128
const pauseMs = 10

export interface SendingOptions {
  readonly outbox: Readonly<OutboxOptions>
  readonly session: Session | undefined
}

/** Who hears of messages that will not be sent. */
export interface SendingListener {
  overflowed(count: number, bytes: number): void
}

/** What goes out: over the connection where there is one, and into the queue where there is none. */
export class Sending {
  readonly #options: SendingOptions
  readonly #runtime: Runtime
  // Most sockets never need these, and a Set takes 160 bytes.
  #outbox: Outbox | undefined
  #receipts: Set<(error: unknown) => void> | undefined
  #live: Connection | undefined
  #pausing = false
  listener: SendingListener | undefined

  constructor(options: SendingOptions, runtime: Runtime) {
    this.#options = options
    this.#runtime = runtime
  }

  get queued(): { readonly count: number; readonly bytes: number } {
    return { count: this.#outbox?.size ?? 0, bytes: this.#outbox?.bytes ?? 0 }
  }

  get #waits(): boolean {
    return this.#outbox !== undefined && this.#outbox.size > 0
  }

  /** What the caller's messages go over from now on; undefined: they wait. */
  use(live: Connection | undefined): void {
    this.#live = live
  }

  send(data: SocketData): void {
    this.#options.session?.check?.(data)
    if (this.#waits || !this.#handOver(data, undefined)) this.#wait({ data, bytes: 0 })
  }

  /** Before all that waits: what an `open` listener sends comes first on the new connection. */
  sendFirst(data: SocketData): void {
    this.#options.session?.check?.(data)
    if (!this.#handOver(data, undefined)) this.#wait({ data, bytes: 0 })
  }

  /** Resolves when the message has been handed over, or, with a session that acknowledges, when the server has it. */
  deliver(data: SocketData, given: DeliverOptions | undefined, first: boolean): Promise<void> {
    const { ttlMs = Infinity, signal } = resolve<DeliverOptions>('deliver', {}, rules, given)
    return new Promise((resolve, reject) => {
      this.#options.session?.check?.(data)
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
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
      const cancel = this.#runtime.clock.setTimer(ttlMs, expired)
      const leave = signal && onAbort(signal, () => failed(signal.reason))
      this.#receipts ??= new Set()
      this.#receipts.add(failed)
      const crowded = (this.#live?.transport?.bufferedAmount ?? 0) > highWater
      if (crowded || (this.#waits && !first) || !this.#handOver(data, letter.sent)) this.#wait(letter)
      if (crowded && !this.#pausing) this.#pause()
    })
  }

  /** Sends what waits, in order and no faster than it is taken; `all` does not wait for that. */
  flush(all = false): void {
    if (this.#pausing && !all) return
    for (let sent = 0; ; sent++) {
      const letter = this.#outbox?.first()
      if (letter === undefined || this.#live === undefined) return
      const crowded = (this.#live.transport?.bufferedAmount ?? 0) > highWater
      if (!all && (sent >= burst || crowded)) {
        this.#pause()
        return
      }
      if (!this.#handOver(letter.data, letter.sent)) return
      this.#outbox?.remove(letter)
    }
  }

  /** Nothing more will be sent. */
  end(reason: 'closed' | 'final', why: string): void {
    this.#live = undefined
    this.#outbox?.fail(reason, why)
    for (const failed of [...(this.#receipts ?? [])]) failed(new SocketError(reason, `no receipt: ${why}`))
  }

  /** False where there is no connection, or its session has no room. */
  #handOver(data: SocketData, sent: Letter['sent']): boolean {
    const { session } = this.#options
    // A server that has said its last takes nothing more; the next connection does.
    if (this.#live === undefined || this.#live.leaving) return false
    if (session?.frame === undefined) {
      this.#live.send(data)
      sent?.()
      return true
    }
    const frame = session.frame(data, sent)
    if (frame === undefined) return false
    this.#live.send(frame)
    return true
  }

  /** The letter itself, since its sender may take it out again. */
  #wait(letter: Letter): void {
    letter.data = copyOf(letter.data)
    letter.bytes = bytesOf(letter.data)
    this.#outbox ??= new Outbox(this.#options.outbox, (count, lost) => this.listener?.overflowed(count, lost))
    this.#outbox.add(letter)
  }

  #pause(): void {
    this.#pausing = true
    this.#runtime.clock.setTimer(
      pauseMs,
      () => {
        this.#pausing = false
        this.flush()
      },
      true,
    )
  }
}
