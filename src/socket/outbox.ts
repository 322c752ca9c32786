import { countOrInfinity, oneOf, type Rules, resolve } from '../core/options.ts'
import { byteLength } from './address.ts'
import { SocketError, type SocketErrorReason } from './error.ts'
import type { SocketData } from './transport.ts'

export interface OutboxOptions {
  /**
   * Messages that wait at most. 0 lets none wait.
   * @default 1000
   */
  maxCount: number
  /**
   * Bytes that wait at most.
   * @default 1048576
   */
  maxBytes: number
  /**
   * What gives way when it is full: the new message (`deliver` rejects), or the oldest ones. Each time an `overflow`
   * event tells.
   * @default 'reject'
   */
  overflow: 'reject' | 'drop-oldest'
}

export const outboxDefaults: Readonly<OutboxOptions> = { maxCount: 1_000, maxBytes: 1_048_576, overflow: 'reject' }

const rules: Rules<OutboxOptions> = {
  maxCount: countOrInfinity(0),
  maxBytes: countOrInfinity(0),
  overflow: oneOf('reject', 'drop-oldest'),
}

export function resolveOutbox(given: Partial<OutboxOptions>): Readonly<OutboxOptions> {
  return resolve('outbox', outboxDefaults, rules, given)
}

/** A message on its way out. `sent` and `failed` are there where somebody waits for it. */
export interface Letter {
  data: SocketData
  /** Counted when it has to wait. */
  bytes: number
  readonly sent?: (() => void) | undefined
  readonly failed?: ((error: unknown) => void) | undefined
}

/** Messages that wait for a connection, in order, bounded by number and bytes. */
export class Outbox {
  readonly #options: Readonly<OutboxOptions>
  readonly #lost: (count: number, bytes: number) => void
  // A Set keeps the order in which it was filled and forgets any member in one step.
  readonly #letters = new Set<Letter>()
  bytes = 0

  /** @param lost hears of every message that will not be sent */
  constructor(options: Readonly<OutboxOptions>, lost: (count: number, bytes: number) => void) {
    this.#options = options
    this.#lost = lost
  }

  get size(): number {
    return this.#letters.size
  }

  add(letter: Letter): void {
    const { maxCount, maxBytes, overflow } = this.#options
    const isFull = () => this.size >= maxCount || this.bytes + letter.bytes > maxBytes
    // Nothing gives way to what would not fit into an empty one.
    if (overflow === 'drop-oldest' && letter.bytes <= maxBytes && maxCount > 0) {
      const dropped: Letter[] = []
      for (const old of this.#letters) {
        if (!isFull()) break
        this.remove(old)
        dropped.push(old)
      }
      this.#fail(dropped, 'overflow', 'later messages needed the room')
    }
    if (isFull()) {
      this.#fail([letter], 'overflow', `${this.size} messages of ${this.bytes} bytes wait already`)
      return
    }
    this.#letters.add(letter)
    this.bytes += letter.bytes
  }

  /** The next one in line, which stays there until it is removed. */
  first(): Letter | undefined {
    for (const letter of this.#letters) return letter
    return undefined
  }

  /** Takes one out; false if it is not there any more. */
  remove(letter: Letter): boolean {
    if (!this.#letters.delete(letter)) return false
    this.bytes -= letter.bytes
    return true
  }

  /** Nothing of what waits will be sent. */
  fail(reason: 'closed' | 'final', why: string): void {
    const letters = [...this.#letters]
    this.#letters.clear()
    this.bytes = 0
    this.#fail(letters, reason, why)
  }

  #fail(letters: readonly Letter[], reason: SocketErrorReason, message: string): void {
    if (letters.length === 0) return
    let bytes = 0
    for (const letter of letters) {
      bytes += letter.bytes
      letter.failed?.(new SocketError(reason, `not sent: ${message}`))
    }
    this.#lost(letters.length, bytes)
  }
}

/** Data as it is now: what is sent later must not change with the buffer that the caller uses again. */
export function copyOf(data: SocketData): SocketData {
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return typeof data === 'string' || data instanceof Blob ? data : data.slice(0)
}

export function bytesOf(data: SocketData): number {
  if (typeof data === 'string') return byteLength(data)
  return data instanceof Blob ? data.size : data.byteLength
}
