import { isRequest } from './base-url.ts'
import { copyOf, copyOfHeaders, sizeOf } from './in-memory.ts'
import { type Recording, record, recordHidden } from './recording.ts'

/** What `fetch` is called with, but for the signal. */
export interface Sendable {
  readonly input: RequestInfo | URL
  readonly init: RequestInit
}

/** The body of one call, over all of its attempts. */
export interface Replay {
  /** What the first attempt sends: exactly what the caller gave. */
  readonly first: Sendable
  /** Whether it can be sent once more. Waits for a body that is still on its way out. */
  replayable(): Promise<boolean>
  /** What the next attempts send, once `replayable()` has said yes. */
  again(): Sendable
  /** The body by itself, where it can be had again, whether or not the call may be repeated: for redirects. */
  copy(): Promise<RequestInit['body'] | undefined>
  /** Settles when a body that takes long to send is out, as far as can be told; undefined if it takes no time. */
  readonly sent: Promise<unknown> | undefined
  /** Read or in use before it was sent even once: the platform refuses it. */
  readonly spent: boolean
  /** What the caller does to its headers and bytes from now on is no part of this call. */
  freeze(): void
  /** No further attempt will follow. */
  release(): void
}

/** Bodies above this take long to send. */
const smallBytes = 65_536

/**
 * Prepares a call for being sent several times. The first attempt always sends what the caller gave, untouched: what
 * the server sees of it is what it would see without us.
 *
 * @param repeats whether it may be sent again at all; if not, nothing is kept
 */
export function prepareReplay(
  input: RequestInfo | URL,
  init: RequestInit,
  repeats: boolean,
  replayBytes: number,
): Replay {
  const given = { input, init }
  const { body } = init
  const keepBytes = repeats ? replayBytes : 0
  if (body !== undefined && body !== null) {
    if (isStream(body)) return streamed(given, body, keepBytes)
    const bytes = sizeOf(body)
    return new InMemory(given, repeats && bytes <= replayBytes, bytes > smallBytes ? never() : undefined)
  }
  return isRequest(input) && hasBody(input) ? ofRequest(given, input, keepBytes) : new InMemory(given, true)
}

/** Firefox does not show the body of a `Request`: there the method says whether it can have one. */
export function hasBody({ body, method }: Request): boolean {
  return body === undefined ? method !== 'GET' && method !== 'HEAD' : body !== null
}

export function isStream(body: object | string): body is ReadableStream | AsyncIterable<unknown> {
  return typeof body === 'object' && ('getReader' in body || Symbol.asyncIterator in body)
}

/** Anything that is sent as it is, each time. */
class InMemory implements Replay {
  readonly sent: Promise<unknown> | undefined
  readonly spent: boolean
  readonly #can: boolean
  #begun = false
  #sendable: Sendable

  constructor(given: Sendable, can: boolean, sent?: Promise<unknown>, spent = false) {
    this.#sendable = given
    this.#can = can
    this.sent = sent
    this.spent = spent
  }

  get first(): Sendable {
    this.#begun = true
    return this.#sendable
  }

  async replayable(): Promise<boolean> {
    return this.#can
  }

  again(): Sendable {
    return this.#sendable
  }

  async copy(): Promise<RequestInit['body'] | undefined> {
    const { body } = this.#sendable.init
    return isStream(body ?? '') ? undefined : body
  }

  freeze(): void {
    if (!this.#can && this.#begun) return
    const { input, init } = this.#sendable
    const frozen = frozenInit(init, true)
    if (frozen !== init) this.#sendable = { input, init: frozen }
  }

  release(): void {}
}

/** A stream that the caller gave as such. */
function streamed(given: Sendable, body: ReadableStream | object, keepBytes: number): Replay {
  // Node also takes async iterables, which have no second branch; and a stream in use is for the platform to complain of.
  const locked = 'locked' in body && body.locked === true
  if (keepBytes === 0 || !('tee' in body) || locked) return new InMemory(given, false, never(), locked)
  const [live, spare] = body.tee()
  return recorded({ ...given, init: { ...given.init, body: live } }, record(spare, keepBytes), keepBytes)
}

/**
 * The body of a `Request` is always a stream, whatever it was made from; ky's are of this kind. The original is sent,
 * because it still knows its length, and a clone is read beside it, to be kept or just to learn whether it is small.
 */
function ofRequest(given: Sendable, request: Request, keepBytes: number): Replay {
  // A body that was read or locked already is for the platform to complain about.
  if (request.bodyUsed || request.body?.locked) return new InMemory(given, false, undefined, true)
  const spare = request.clone()
  const most = Math.max(keepBytes, smallBytes)
  return recorded(given, spare.body ? record(spare.body, most) : recordHidden(spare, most), keepBytes)
}

function recorded(given: Sendable, recording: Recording, keepBytes: number): Replay {
  let first = given
  let kept: Uint8Array<ArrayBuffer> | undefined
  const bytes = recording.bytes.then((all) => {
    if (all && all.byteLength <= keepBytes) kept = all
    return all
  })
  return {
    get first() {
      return first
    },
    replayable: async () => {
      await bytes
      return kept !== undefined
    },
    again: () => {
      if (kept === undefined) return first
      const { duplex: _, ...init } = first.init as RequestInit & { duplex?: string }
      return { input: first.input, init: { ...init, body: kept } }
    },
    copy: () => bytes,
    spent: false,
    sent: bytes.then((all) => (all && all.byteLength <= smallBytes ? undefined : never())),
    freeze: () => {
      first = { input: first.input, init: frozenInit(first.init, false) }
    },
    release: recording.stop,
  }
}

function frozenInit(init: RequestInit, withBody: boolean): RequestInit {
  const { headers, body } = init
  const copied = withBody && body !== undefined && body !== null && typeof body === 'object' && !isStream(body)
  if (!headers && !copied) return init
  try {
    return { ...init, ...(headers && { headers: copyOfHeaders(headers) }), ...(copied && { body: copyOf(body) }) }
  } catch {
    // What cannot be read, the platform has complained about.
    return init
  }
}

/** For uploads whose end nobody can see: only the whole call's deadline ends them. */
function never(): Promise<never> {
  return new Promise(ignore)
}

function ignore(): void {}
