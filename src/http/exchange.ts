import type { Clock } from '../core/clock.ts'
import type { Priority } from '../core/layer.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { AttemptRecord } from './attempts.ts'
import { prepareReplay, type Replay } from './replay.ts'
import type { HttpRetryOptions } from './retry-options.ts'

/** What every exchange of one call has in common, even when a layer replaces the request. */
export interface CallSettings {
  readonly deadlineMs: number
  readonly attemptMs: number
  readonly priority: Priority
  readonly idempotent: boolean | undefined
  readonly retry: Readonly<HttpRetryOptions>
  readonly replayBytes: number
}

/** One HTTP call on its way through the layers: what was asked for, and what has been tried. */
export class Exchange {
  readonly input: RequestInfo | URL
  readonly init: RequestInit
  readonly url: URL
  readonly method: string
  readonly upstream: Upstream
  readonly settings: CallSettings
  /** Whether it may be sent more than once, by its method or by the caller's word. */
  readonly repeats: boolean
  readonly body: Replay
  /** Shared by all exchanges of one call. */
  readonly attempts: AttemptRecord[]
  readonly startedAt: number
  attemptAt: number
  readonly #clock: Clock
  #malformed: boolean | undefined

  constructor(
    sent: { input: RequestInfo | URL; init: RequestInit; url: URL; upstream: Upstream },
    settings: CallSettings,
    clock: Clock,
    attempts: AttemptRecord[] = [],
  ) {
    this.input = sent.input
    this.init = sent.init
    this.url = sent.url
    this.upstream = sent.upstream
    this.method = methodOf(sent.input, sent.init)
    this.settings = settings
    this.repeats = mayRepeat(this.method, sent.input, sent.init, settings)
    this.body = prepareReplay(sent.input, sent.init, this.repeats && settings.retry.attempts > 1, settings.replayBytes)
    this.attempts = attempts
    this.#clock = clock
    this.startedAt = clock.now()
    this.attemptAt = this.startedAt
  }

  get retry(): Readonly<HttpRetryOptions> {
    return this.settings.retry
  }

  get attemptMs(): number {
    return this.settings.attemptMs
  }

  get deadlineMs(): number {
    return this.settings.deadlineMs
  }

  now(): number {
    return this.#clock.now()
  }

  /**
   * Whether the platform refuses the request as such (a bad header, a body with GET). It throws the same `TypeError` for
   * that as for a network that is down, so this is asked only once an attempt has thrown.
   */
  malformed(): boolean {
    this.#malformed ??= !canBuild(this.input, this.init)
    return this.#malformed
  }

  /** The platform's form of it, for layers and callbacks of others. */
  request(): Request {
    const { input } = this
    if (typeof input === 'object' && 'clone' in input && Object.keys(this.init).length === 0) return input
    return new Request(input, this.init)
  }
}

function methodOf(input: RequestInfo | URL, init: RequestInit): string {
  const method = init.method ?? (typeof input === 'object' && 'method' in input ? input.method : 'GET')
  return String(method).toUpperCase()
}

function mayRepeat(method: string, input: RequestInfo | URL, init: RequestInit, settings: CallSettings): boolean {
  if (settings.idempotent !== undefined) return settings.idempotent
  if (settings.retry.methods.includes(method)) return true
  return (method === 'POST' || method === 'PATCH') && headersOf(input, init).has('idempotency-key')
}

function headersOf(input: RequestInfo | URL, init: RequestInit): Headers {
  try {
    if (init.headers) return new Headers(init.headers)
  } catch {
    // The platform says what is wrong with them when it sends them.
  }
  return typeof input === 'object' && 'headers' in input ? input.headers : new Headers()
}

function canBuild(input: RequestInfo | URL, init: RequestInit): boolean {
  const { signal: _, body, ...rest } = init
  const request = typeof input === 'object' && 'url' in input ? input.url : input
  try {
    // The body itself may have been read by now; that there is one is all that matters.
    new Request(request, body === undefined || body === null ? rest : { ...rest, body: '' })
    return true
  } catch {
    return false
  }
}
