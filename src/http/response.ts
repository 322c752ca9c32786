import { joined } from './recording.ts'

/**
 * The same response with another body. What the platform filled in and a constructor cannot (`url`, `type`,
 * `redirected`) is carried over, for clones too.
 */
export function withBody(original: Response, body: BodyInit | null): Response {
  const { status, statusText, headers } = original
  return asFrom(original, new Response(body, { status, statusText, headers }))
}

/** Makes one response look as if it came from where another did. */
function asFrom(original: Response, copy: Response): Response {
  const { url, type, redirected } = original
  return Object.defineProperties(copy, {
    url: { value: url, configurable: true },
    type: { value: type, configurable: true },
    redirected: { value: redirected, configurable: true },
    clone: { value: () => asFrom(original, Response.prototype.clone.call(copy)), configurable: true, writable: true },
  })
}

/** All bytes of a response, or undefined when there are more than `mostBytes`: then `rest` is a response for one. */
export async function readAll(
  response: Response,
  mostBytes: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer> } | { rest: Response }> {
  if (response.body === null) return { bytes: new Uint8Array(0) }
  // A length that is announced saves the reading; one that lies is found out below.
  if (Number(response.headers.get('content-length')) > mostBytes) return { rest: response }
  const reader = response.body.getReader()
  const reads: ReadableStreamReadResult<Uint8Array>[] = []
  const chunks: Uint8Array[] = []
  let size = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    reads.push(next)
    chunks.push(next.value)
    size += next.value.byteLength
    if (size > mostBytes)
      return {
        rest: withBody(
          response,
          pulled(reader, () => reads.shift() ?? reader.read()),
        ),
      }
  }
  return { bytes: joined(chunks, size) }
}

/** A stream of what `read` gives: asked for chunk by chunk, as somebody reads it, and never ahead. */
export function pulled(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  read: () => ReadableStreamReadResult<Uint8Array> | Promise<ReadableStreamReadResult<Uint8Array>>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
