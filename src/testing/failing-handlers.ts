import { onAbort } from '../core/abort.ts'
import { type Clock, settled, systemClock } from '../core/clock.ts'

/** What is used of msw; give it the whole namespace: `import * as msw from 'msw'`. */
export interface Msw<Handler> {
  readonly http: {
    all(path: string, resolver: (info: { request: Request }) => Response | Promise<Response>): Handler
  }
}

export interface FailingOptions {
  /** Where the failing service is to be found: `https://api.test`. Nothing needs to be there. */
  origin: string
  /** What `/slow` waits on. The platform's clock if absent. */
  clock?: Clock
}

/** What a test names in a URL of the service. */
interface Asked {
  readonly request: Request
  /** The part of the path behind the name, as a number. */
  readonly number: number
  /** The query. What is left of it becomes the headers of the answer. */
  readonly query: URLSearchParams
}

/**
 * A service that fails in every way that a test asks for, for msw. What it does is said by the URL, and each part of the
 * query becomes a header of the answer (a name given twice is sent twice):
 *
 * - `/status/503?retry-after=2`: that status;
 * - `/flaky/2?status=500&id=a`: fails twice with that status (503 if not given), then answers; each URL counts for itself;
 * - `/slow/1500`: answers after so many milliseconds;
 * - `/cut`: announces a body and breaks off half way;
 * - `/hang`: never answers, and ends with the request's own abort;
 * - `/network-error`: as when nobody is there.
 *
 * A status of 200 has the body `ok`, and so have `/flaky` in the end and `/slow`.
 *
 * @example
 * import * as msw from 'msw'
 * import { setupServer } from 'msw/node'
 *
 * const server = setupServer(...failingHandlers(msw, { origin: 'https://api.test' }))
 * server.listen()
 * await client.fetch('https://api.test/flaky/2?retry-after=1')
 */
export function failingHandlers<Handler>(msw: Msw<Handler>, { origin, clock }: FailingOptions): Handler[] {
  const failed = new Map<string, number>()
  const on = (path: string, answer: (asked: Asked) => Response | Promise<Response>) =>
    msw.http.all(`${origin}${path}`, ({ request }) => {
      const { pathname, searchParams } = new URL(request.url)
      return answer({ request, number: Number(pathname.split('/').at(-1)), query: searchParams })
    })
  return [
    on('/status/:status', ({ number, query }) => answered(number, query)),
    on('/flaky/:times', ({ request, number, query }) => {
      const times = failed.get(request.url) ?? 0
      failed.set(request.url, times + 1)
      const status = Number(query.get('status') ?? 503)
      query.delete('status')
      query.delete('id')
      return times < number ? answered(status, query) : answered(200, new URLSearchParams())
    }),
    on('/slow/:ms', async ({ request, number, query }) => {
      try {
        await (clock ?? systemClock).sleep(number, request.signal)
      } catch {
        return Response.error()
      }
      return answered(200, query)
    }),
    on('/cut', ({ query }) => {
      query.set('content-length', '8')
      return new Response(halfOf('complete'), { headers: headersOf(query) })
    }),
    on('/hang', ({ request }) => new Promise((end) => onAbort(request.signal, () => end(Response.error())))),
    on('/network-error', () => Response.error()),
  ]
}

/** Statuses that have no body, whoever asks. */
const bodiless: readonly number[] = [204, 205, 304]

function answered(status: number, query: URLSearchParams): Response {
  const body = status === 200 ? 'ok' : `status ${status}`
  return new Response(bodiless.includes(status) ? null : body, { status, headers: headersOf(query) })
}

function headersOf(query: URLSearchParams): Headers {
  const headers = new Headers()
  for (const [name, value] of query) headers.append(name, value)
  return headers
}

/** A body whose second half never comes, because the connection is gone. */
function halfOf(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  let sent = false
  return new ReadableStream({
    pull: async (controller) => {
      if (sent) {
        // An error at once would take along what has not yet been read, the headers too.
        await settled()
        controller.error(new TypeError('terminated'))
      } else controller.enqueue(bytes.subarray(0, bytes.length / 2))
      sent = true
    },
  })
}
