import type { Clock } from '../../core/clock.ts'
import { CoordinationError } from '../error.ts'
import type { RedisPort } from './port.ts'

const place = 'Redis'

/**
 * Commands that end in time. A client queues what it cannot send, for as long as Redis is away, so each command gets a
 * deadline of its own, and once one was waited for in vain the next ones fail at once until the connection is back.
 */
export class Commands {
  readonly #port: RedisPort
  readonly #clock: Clock
  readonly #deadlineMs: number
  #away = false

  constructor(port: RedisPort, clock: Clock, deadlineMs: number) {
    this.#port = port
    this.#clock = clock
    this.#deadlineMs = deadlineMs
  }

  /**
   * @param onLate what to do with an answer for which nobody waits any more
   * @throws CoordinationError, and nothing else: what Redis or its client say of a command may hold its values
   */
  run(script: string, keys: string[], args: string[], onLate?: (reply: string[]) => void): Promise<string[]> {
    if (this.#port.ready()) this.#away = false
    else if (this.#away) return Promise.reject(new CoordinationError(place, 'unreachable'))
    return new Promise((resolve, reject) => {
      let over = false
      const cancel = this.#clock.setTimer(
        this.#deadlineMs,
        () => {
          over = true
          if (!this.#port.ready()) this.#away = true
          reject(new CoordinationError(place, 'late'))
        },
        // A caller waits for it.
        true,
      )
      const answered = (reply: unknown) => {
        cancel()
        const texts = textsOf(reply)
        if (over) {
          if (texts !== undefined) onLate?.(texts)
        } else if (texts === undefined) reject(new CoordinationError(place, 'invalid'))
        else resolve(texts)
      }
      const failed = (error: unknown) => {
        cancel()
        if (over) return
        if (!this.#port.ready()) this.#away = true
        const word = refusalOf(error)
        reject(new CoordinationError(place, word === undefined ? 'unreachable' : 'refused', word))
      }
      try {
        this.#port.run(script, keys, args).then(answered, failed)
      } catch (error) {
        failed(error)
      }
    })
  }
}

/** A list of texts; a client may be set up to give bytes. */
function textsOf(reply: unknown): string[] | undefined {
  if (!Array.isArray(reply)) return undefined
  const texts = reply.map((part) => (part instanceof Uint8Array ? new TextDecoder().decode(part) : part))
  return texts.every((part) => typeof part === 'string') ? texts : undefined
}

/** The code that Redis puts before its errors; an error of the connection has none, or one of the system as a member. */
function refusalOf(error: unknown): string | undefined {
  const { message, code } = Object(error) as { message?: unknown; code?: unknown }
  if (code !== undefined) return undefined
  return typeof message === 'string' ? /^([A-Z]{2,20})\b/.exec(message)?.[1] : undefined
}
