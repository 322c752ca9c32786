import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { vi } from 'vitest'

/** One request, as it came over the wire. */
interface Recorded {
  readonly method: string
  readonly url: string
  /** Names and values in the order and in the letters in which they came. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A real server that keeps what it was sent. It answers by `answers`, by the first part of the path; else 200 and `ok`. */
export interface Recorder {
  readonly origin: string
  readonly requests: readonly Recorded[]
  /** Connections that are in the middle of something. Idle ones, which a client keeps for its next call, are closed. */
  busyConnections(): Promise<number>
  /** Forgets the requests so far and gives them. */
  take(): Recorded[]
  close(): Promise<void>
}

/** @param answers what is answered, and when: a body that is not read there is read before `ok` */
export async function startRecorder(answers: Record<string, Answer> = {}): Promise<Recorder> {
  const requests: Recorded[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    const { method = '', url = '', rawHeaders } = request
    const recorded = { method, url, rawHeaders, body: Buffer.alloc(0) }
    requests.push(recorded)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      recorded.body = Buffer.concat(chunks)
    })
    request.on('error', () => {})
    const answer = answers[url.split(/[/?]/)[1] ?? '']
    if (answer) answer(request, response)
    else request.on('end', () => response.end('ok'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    busyConnections: () => {
      server.closeIdleConnections()
      return new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      )
    },
    take: () => requests.splice(0),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Waits until a real server or socket has got there; how long that takes is the machine's affair. */
export function eventually(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 })
}
