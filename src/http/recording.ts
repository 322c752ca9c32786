import { kindOf } from './in-memory.ts'

/** The bytes of a stream, kept while it is sent, so that they can be sent once more. */
export interface Recording {
  /** All of them, once the stream has ended; undefined if they are too many, no bytes, or not all there. */
  readonly bytes: Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Lets go of the stream. One with two branches hears that nobody reads it only when both have been let go. */
  stop(): void
}

export function record(stream: ReadableStream<Uint8Array>, mostBytes: number): Recording {
  const reader = stream.getReader()
  let stopped = false
  const stop = () => {
    stopped = true
    reader.cancel().catch(ignore)
  }
  const read = async () => {
    const chunks: Uint8Array[] = []
    let length = 0
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      // Node sends text too, where the standard wants bytes; what becomes of it is not for us to know.
      length += kindOf(next.value) === 'Uint8Array' ? next.value.byteLength : Infinity
      if (length > mostBytes) {
        stop()
        return undefined
      }
      chunks.push(next.value)
    }
    return stopped ? undefined : joined(chunks, length)
  }
  return { bytes: read().catch(ignore), stop }
}

/** The same where the stream cannot be seen. */
export function recordHidden(request: Request, mostBytes: number): Recording {
  const read = async () => {
    const all = new Uint8Array(await request.arrayBuffer())
    return all.byteLength > mostBytes ? undefined : all
  }
  return { bytes: read().catch(ignore), stop: ignore }
}

/** Chunks as one piece. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}

function ignore(): undefined {}
