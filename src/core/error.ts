/** Which of our refusals an error is. A code never changes its meaning; new ones may come. */
export type ErrorCode =
  | 'deadline'
  | 'circuit-open'
  | 'limit'
  | 'pushback'
  | 'throttled'
  | 'closed'
  | 'redirect'
  | 'body'
  | 'token'
  | 'socket'
  | 'options'

export interface ErrorDetails {
  /** When it is worth coming back, in ms from now. */
  readonly retryAfterMs?: number | undefined
  /** The `host:port` that it is about. */
  readonly upstream?: string | undefined
  readonly cause?: unknown
}

// Registered, so that two installed copies of the package know each other's errors.
const brand: unique symbol = Symbol.for('breakwater.error') as never

/**
 * The base of every error that Breakwater itself makes. Errors of others (the platform's `TypeError`, the reason a
 * caller gave to `abort`) are never wrapped in it. Neither message nor members hold a credential, a query or a body.
 */
export class BreakwaterError extends Error {
  // Written out in every subclass: a bundler's minifier renames classes.
  override readonly name: string = 'BreakwaterError'
  readonly code: ErrorCode
  /** When it is worth coming back, in ms from the moment of the error. */
  readonly retryAfterMs?: number
  /** The `host:port` that it is about. */
  readonly upstream?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs
    if (details.upstream !== undefined) this.upstream = details.upstream
    Object.defineProperty(this, brand, { value: true })
  }

  /** True for an error of the same class from any copy of the package, by its code. */
  static override [Symbol.hasInstance](this: { code?: ErrorCode; prototype: unknown }, value: unknown): boolean {
    if (!isBreakwaterError(value)) return false
    // biome-ignore lint/complexity/noThisInStatic: every subclass is asked for itself
    const { code, prototype } = this
    if (prototype === BreakwaterError.prototype) return true
    if (code !== undefined) return value.code === code
    return Object.prototype.isPrototypeOf.call(prototype as object, value)
  }

  /** What a log may hold. */
  toJSON(): { name: string; code: ErrorCode; message: string; retryAfterMs?: number; upstream?: string } {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.upstream === undefined ? {} : { upstream: this.upstream }),
    }
  }
}

/** Whether Breakwater made this error, in whichever copy of the package. */
export function isBreakwaterError(value: unknown): value is BreakwaterError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: true })[brand] === true
}
