import { byteLength } from './address.ts'

/** A numbered message that the other side has not acknowledged. */
export interface Numbered {
  /** Its text without the number, which changes when a session begins anew. */
  readonly body: string
  /** Whether it means something to a session that begins anew. */
  readonly keep: boolean
  readonly acknowledged: (() => void) | undefined
}

/** What was sent and may have to be sent again: numbered without a gap, bounded by count and bytes. */
export class ReplayBuffer {
  readonly #maxCount: number
  readonly #maxBytes: number
  #messages: Numbered[] = []
  /** Messages at the front that are acknowledged already; cut off in bulk, because `shift` moves all the others. */
  #done = 0
  #bytes = 0
  /** The number of the last one. */
  #last = 0

  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#messages.length - this.#done
  }

  /** The number up to which all is acknowledged. */
  get acknowledged(): number {
    return this.#last - this.size
  }

  /** One message alone always fits: it could never be sent otherwise. */
  get full(): boolean {
    return this.size >= this.#maxCount || (this.size > 0 && this.#bytes >= this.#maxBytes)
  }

  /** Adds one, and returns its number. */
  add(message: Numbered): number {
    this.#messages.push(message)
    this.#bytes += byteLength(message.body)
    return ++this.#last
  }

  /** Forgets all up to this number; false if none of that number has been sent. */
  acknowledge(number: number): boolean {
    if (number > this.#last) return false
    const first = this.#last - this.size + 1
    for (let at = first; at <= number; at++) {
      const message = this.#messages[this.#done++]
      if (message === undefined) break
      this.#bytes -= byteLength(message.body)
      message.acknowledged?.()
    }
    if (this.#done > 64 && this.#done * 2 > this.#messages.length) this.#cut()
    return true
  }

  /** All that is not acknowledged, with their numbers, in order. */
  *unacknowledged(): IterableIterator<readonly [number: number, message: Numbered]> {
    const first = this.#last - this.size + 1
    for (let at = 0; at < this.size; at++) {
      const message = this.#messages[this.#done + at]
      if (message) yield [first + at, message]
    }
  }

  /** Numbers anew from 1 what is worth sending to a session that knows nothing of the old one. */
  renumber(): void {
    this.#messages = this.#messages.slice(this.#done).filter(({ keep }) => keep)
    this.#done = 0
    this.#last = this.#messages.length
    this.#bytes = this.#messages.reduce((bytes, { body }) => bytes + byteLength(body), 0)
  }

  #cut(): void {
    this.#messages = this.#messages.slice(this.#done)
    this.#done = 0
  }
}
