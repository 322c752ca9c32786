import type { Clock } from '../core/clock.ts'
import type { Priority } from '../core/layer.ts'
import { identifier } from '../core/random.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { AttemptRecord } from './attempts.ts'
import { copyOfHeaders } from './in-memory.ts'
import { hasBody, isStream, prepareReplay, type Replay } from './replay.ts'
import type { HttpRetryOptions } from './retry-options.ts'

/** What every exchange of one call has in common, even when a layer replaces the request. */
export interface CallSettings {
  readonly deadlineMs: number
  readonly attemptMs: number
  readonly priority: Priority
  readonly idempotent: boolean | undefined
  readonly hedge: boolean | undefined
  readonly singleFlight: boolean | undefined
  readonly retry: Readonly<HttpRetryOptions>
  readonly replayBytes: number
  /** Whether it may be sent again though its method says no, because a server refused to look at it. */
  readonly resends: boolean
}

/** They change nothing (RFC 9110, 9.2.1, and QUERY). */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** One HTTP call on its way through the layers: what was asked for, and what has been tried. */
export class Exchange {
  readonly input: RequestInfo | URL
  readonly init: RequestInit
  readonly method: string
  readonly upstream: Upstream
  readonly settings: CallSettings
  /** Whether it may be sent more than once, by its method or by the caller's word. */
  readonly repeats: boolean
  /** Shared by all exchanges of one call. */
  readonly attempts: AttemptRecord[]
  /** When the call began, and its last attempt, on the clock's monotonic time. */
  startedAt: number
  attemptAt = 0
  /** Attempts begun, hedges included. */
  started = 0
  readonly #clock: Clock
  #url: URL | string
  #body: Replay | undefined
  #request: Request | undefined
  #malformed: boolean | undefined
  #idempotencyKey: string | undefined

  /** @param from the exchange of the same call, where a layer has replaced the request */
  constructor(
    // A whole URL as text is read as one only if somebody asks for it.
    sent: { input: RequestInfo | URL; init: RequestInit; url: URL | string; upstream: Upstream },
    settings: CallSettings,
    clock: Clock,
    from?: Exchange,
  ) {
    this.input = sent.input
    this.init = readableOften(sent.init)
    this.#url = sent.url
    this.upstream = sent.upstream
    this.method = methodOf(sent.input, sent.init).toUpperCase()
    this.settings = settings
    this.repeats = mayRepeat(this.method, sent.input, this.init, settings)
    this.attempts = from?.attempts ?? []
    this.startedAt = from?.startedAt ?? 0
    this.#clock = clock
  }

  get url(): URL {
    if (typeof this.#url === 'string') this.#url = new URL(this.#url)
    return this.#url
  }

  /** Where it goes, as text. */
  get href(): string {
    return typeof this.#url === 'string' ? this.#url : this.#url.href
  }

  /** Made when it is first asked for: a body that a layer puts into a request of its own must not be touched before. */
  get body(): Replay {
    const { attempts, shouldRetry } = this.retry
    const retries = attempts > 1 && (this.repeats || shouldRetry !== undefined)
    const keeps = !this.refusesRepeat && (retries || this.settings.resends)
    this.#body ??= prepareReplay(this.input, this.init, keeps, this.settings.replayBytes)
    return this.#body
  }

  /** The caller's word that it must not be sent again, whatever anybody else says. */
  get refusesRepeat(): boolean {
    return this.settings.idempotent === false
  }

  /** Made once per call, so that the server knows every attempt of it again; undefined where there is no need of it. */
  get idempotencyKey(): string | undefined {
    if (this.settings.idempotent !== true || (this.method !== 'POST' && this.method !== 'PATCH')) return undefined
    if (headersOf(this.input, this.init).has('idempotency-key')) return undefined
    this.#idempotencyKey ??= identifier()
    return this.#idempotencyKey
  }

  /** Whether a second copy at the same time does no harm: safe methods, or by the caller's word, and no body to spend. */
  get hedges(): boolean {
    const { hedge, idempotent } = this.settings
    if (hedge === false || this.refusesRepeat || this.hasBody) return false
    return idempotent === true || safeMethods.has(this.method)
  }

  get hasBody(): boolean {
    const { body } = this.init
    if (body !== undefined && body !== null) return true
    return typeof this.input === 'object' && 'clone' in this.input && hasBody(this.input)
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
    this.#malformed ??= (this.#body?.spent ?? false) || !canBuild(this.input, this.init)
    return this.#malformed
  }

  /** No attempt will follow. */
  release(): void {
    this.#body?.release()
  }

  /** The platform's form of it, for layers and callbacks of others. Its body may have been sent by now. */
  request(): Request {
    const { input, init } = this
    if (typeof input === 'object' && 'clone' in input && Object.keys(init).length === 0) return input
    try {
      this.#request ??= new Request(input, init)
    } catch (error) {
      // With nothing sent it is the request itself that is wrong; else it is its body that is gone.
      if (this.#body === undefined) throw error
      this.#request = new Request(this.url, { method: this.method, headers: headersOf(input, init) })
    }
    return this.#request
  }
}

function methodOf(input: RequestInfo | URL, init: RequestInit): string {
  return String(init.method ?? (typeof input === 'object' && 'method' in input ? input.method : 'GET'))
}

/** Headers from an iterator can be read once, and we read them as well. */
function readableOften(init: RequestInit): RequestInit {
  const { headers } = init
  if (!headers || !(Symbol.iterator in headers) || Array.isArray(headers) || 'get' in headers) return init
  return { ...init, headers: copyOfHeaders(headers) }
}

function mayRepeat(method: string, input: RequestInfo | URL, init: RequestInit, settings: CallSettings): boolean {
  if (settings.idempotent !== undefined) return settings.idempotent
  if (settings.retry.methods.includes(method)) return true
  return (method === 'POST' || method === 'PATCH') && headersOf(input, init).has('idempotency-key')
}

export function headersOf(input: RequestInfo | URL, init: RequestInit): Headers {
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
  const asked = { ...rest, method: methodOf(input, init) }
  const inputs = typeof input === 'object' && 'clone' in input && hasBody(input)
  try {
    // The body itself may have been read by now; that there is one, and whether it is a stream, is all that matters.
    if (body !== undefined && body !== null)
      new Request(request, { ...asked, body: isStream(body) ? new ReadableStream() : '' })
    else new Request(request, inputs ? { ...asked, body: '' } : asked)
    return true
  } catch {
    return false
  }
}
