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
  | 'coordination'
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
  // Only declared: a field would be there as `undefined` on every error without one.
  /** When it is worth coming back, in ms from the moment of the error. */
  declare readonly retryAfterMs?: number
  /** The `host:port` that it is about. */
  declare readonly upstream?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    // Of these an Error takes the cause, where there is one.
    super(message, details)
    this.code = code
    Object.assign(this, known(details))
    Object.defineProperty(this, brand, { value: true })
  }

  /** True for an error of the same class from any copy of the package, by its code. */
  static override [Symbol.hasInstance](this: ErrorClass, value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: every subclass is asked for itself
    return isBreakwaterError(value) && isOf(this, value, super[Symbol.hasInstance](value))
  }

  /** What a log may hold. */
  toJSON(): { name: string; code: ErrorCode; message: string; retryAfterMs?: number; upstream?: string } {
    const { name, code, message } = this
    return { name, code, message, ...known(this) }
  }
}

/** Those of the two that there are. */
function known({ retryAfterMs, upstream }: ErrorDetails) {
  return { ...(retryAfterMs !== undefined && { retryAfterMs }), ...(upstream !== undefined && { upstream }) }
}

interface ErrorClass {
  readonly code?: ErrorCode
  readonly prototype: object
}

function isOf(asked: ErrorClass, error: BreakwaterError, inherits: boolean): boolean {
  // Its own code, because a class derived from one of ours inherits the code but not every error that has it.
  if (Object.hasOwn(asked, 'code')) return error.code === asked.code
  return inherits || asked.prototype === BreakwaterError.prototype
}

/** Whether Breakwater made this error, in whichever copy of the package. */
export function isBreakwaterError(value: unknown): value is BreakwaterError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: true })[brand] === true
}
