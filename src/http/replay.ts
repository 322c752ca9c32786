/** What `fetch` is called with, but for the signal. */
export interface Sendable {
  readonly input: RequestInfo | URL
  readonly init: RequestInit
}

/** The body of one call, over all of its attempts. */
export interface Replay {
  /** What the first attempt sends: exactly what the caller gave. */
  first: Sendable
  /** Whether it can be sent once more. Waits for a body that is still on its way out. */
  replayable(): Promise<boolean>
  /** What the next attempts send, once `replayable()` has said yes. */
  again(): Sendable
  /** Settles when a body that takes long to send is out, as far as can be told; undefined if it takes no time. */
  readonly sent: Promise<unknown> | undefined
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
  const { body } = init
  if (body !== undefined && body !== null) {
    if (isStream(body)) return streamed(input, init, body, repeats ? replayBytes : 0)
    return inMemory(input, init, body, repeats, replayBytes)
  }
  if (typeof input === 'object' && 'clone' in input && input.body) return ofRequest(input, init, repeats, replayBytes)
  return simple({ input, init }, true)
}

function simple(first: Sendable, can: boolean, next = first, sent?: Promise<unknown>): Replay {
  return { first, replayable: async () => can, again: () => next, sent }
}

function inMemory(
  input: RequestInfo | URL,
  init: RequestInit,
  body: NonNullable<RequestInit['body']>,
  repeats: boolean,
  replayBytes: number,
): Replay {
  const bytes = sizeOf(body)
  const sent = bytes > smallBytes ? never() : undefined
  const can = repeats && bytes <= replayBytes
  const first = { input, init }
  // The caller may change what it gave while we wait for the next attempt.
  return simple(first, can, can ? { input, init: { ...init, body: snapshot(body) } } : first, sent)
}

/** A stream that the caller gave as such. */
function streamed(
  input: RequestInfo | URL,
  init: RequestInit,
  body: ReadableStream | object,
  keepBytes: number,
): Replay {
  // Node also takes async iterables, which have no second branch.
  if (keepBytes === 0 || !('tee' in body)) return simple({ input, init }, false, undefined, never())
  const [live, spare] = body.tee()
  const kept = record(spare, keepBytes)
  return replayOf({ input, init: { ...init, body: live } }, kept, (bytes) => {
    const { duplex: _, ...rest } = init as RequestInit & { duplex?: string }
    return { input, init: { ...rest, body: bytes } }
  })
}

/**
 * The body of a `Request` is always a stream, whatever it was made from; ky's are of this kind. The original is sent,
 * because it still knows its length, and a clone is read beside it, to be kept or just to learn whether it is small.
 */
function ofRequest(request: Request, init: RequestInit, repeats: boolean, replayBytes: number): Replay {
  const first = { input: request, init }
  // A body that was read or locked already is for the platform to complain about.
  if (request.bodyUsed || request.body?.locked) return simple(first, false)
  const spare = request.clone().body as ReadableStream<Uint8Array>
  const kept = record(spare, Math.max(repeats ? replayBytes : 0, smallBytes))
  const again = (bytes: Uint8Array<ArrayBuffer>): Sendable => ({ input: request, init: { ...init, body: bytes } })
  return replayOf(first, kept, again, repeats ? replayBytes : 0)
}

function replayOf(
  first: Sendable,
  recording: Promise<Uint8Array<ArrayBuffer> | undefined>,
  sendable: (bytes: Uint8Array<ArrayBuffer>) => Sendable,
  keepBytes = Infinity,
): Replay {
  let kept: Uint8Array<ArrayBuffer> | undefined
  const done = recording.then((bytes) => {
    if (bytes && bytes.byteLength <= keepBytes) kept = bytes
    return bytes
  })
  return {
    first,
    replayable: async () => {
      await done
      return kept !== undefined
    },
    again: () => (kept ? sendable(kept) : first),
    sent: done.then((bytes) => (bytes && bytes.byteLength <= smallBytes ? undefined : never())),
  }
}

/** All bytes of a stream, or undefined as soon as it turns out longer than `mostBytes` or breaks. */
async function record(
  stream: ReadableStream<Uint8Array>,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.byteLength
      if (bytes > mostBytes) {
        reader.cancel().catch(ignore)
        return undefined
      }
      chunks.push(next.value)
    }
  } catch {
    return undefined
  }
  const all = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}

/** For uploads whose end nobody can see: only the whole call's deadline ends them. */
function never(): Promise<never> {
  return new Promise(ignore)
}

function isStream(body: object | string): body is ReadableStream | AsyncIterable<unknown> {
  return typeof body === 'object' && ('getReader' in body || Symbol.asyncIterator in body)
}

/** By tag, not by `instanceof`: polyfills and other realms have classes of their own. */
function kindOf(body: object): string {
  return Object.prototype.toString.call(body).slice('[object '.length, -1)
}

function sizeOf(body: NonNullable<RequestInit['body']>): number {
  if (typeof body === 'string') return textBytes(body)
  const kind = kindOf(body)
  if (kind === 'URLSearchParams') return body.toString().length
  if (kind === 'FormData') {
    let bytes = 0
    for (const [name, value] of body as FormData) {
      bytes += textBytes(name) + (typeof value === 'string' ? textBytes(value) : value.size)
    }
    return bytes
  }
  if ('byteLength' in body) return body.byteLength
  return 'size' in body ? (body as Blob).size : 0
}

/** UTF-8 bytes; short text is counted as the most it can be, which is what decides nothing. */
function textBytes(text: string): number {
  return text.length * 3 <= smallBytes ? text.length : new TextEncoder().encode(text).byteLength
}

function snapshot(body: NonNullable<RequestInit['body']>): NonNullable<RequestInit['body']> {
  if (typeof body === 'string') return body
  const kind = kindOf(body)
  if (kind === 'URLSearchParams') return new URLSearchParams(body as URLSearchParams)
  if (kind === 'ArrayBuffer') return (body as ArrayBuffer).slice(0)
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice()
  if (kind !== 'FormData') return body
  const copy = new FormData()
  for (const [name, value] of body as FormData) copy.append(name, value)
  return copy
}

function ignore(): void {}
