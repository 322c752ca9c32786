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
  const chunks: Uint8Array[] = []
  let size = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value)
    size += next.value.byteLength
    if (size > mostBytes) return { rest: withBody(response, replayed(chunks, reader)) }
  }
  return { bytes: joined(chunks, size) }
}

/** What has been read already, and then the rest as it comes. */
function replayed(chunks: Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
  const read = [...chunks]
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = read.shift() ?? (await reader.read()).value
        if (chunk === undefined) controller.close()
        else controller.enqueue(chunk)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
