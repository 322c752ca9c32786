import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { startConformanceServer } from '../socket/conformance/server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    serverUrl: string
    /** Of the WebSocket server, without a path. */
    socketOrigin: string
  }
}

/** A real server on another origin than the page, as APIs usually are: what CORS hides, it hides here too. */
export default async function start(project: TestProject): Promise<() => Promise<void>> {
  const failuresLeft = new Map<string, number>()
  const server = createServer((request, response) => {
    answer(request, response, failuresLeft).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  project.provide('serverUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const sockets = await startConformanceServer()
  project.provide('socketOrigin', sockets.origin)

  return async () => {
    await sockets.close()
    await new Promise<void>((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()))
      // Chromium keeps its connections for the next page; there is none.
      server.closeAllConnections()
    })
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  failuresLeft: Map<string, number>,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('access-control-allow-headers', '*')
  response.setHeader('access-control-allow-methods', '*')
  response.setHeader('access-control-expose-headers', 'retry-after')
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end()
    return
  }

  switch (pathname) {
    case '/ok':
      json(response, 200, { ok: true })
      return
    case '/moved':
      response.writeHead(302, { location: '/ok' }).end()
      return
    case '/flaky': {
      const id = searchParams.get('id') ?? ''
      const left = failuresLeft.get(id) ?? Number(searchParams.get('failures'))
      failuresLeft.set(id, left - 1)
      if (left > 0) json(response, 503, { left })
      else json(response, 200, { recovered: true })
      return
    }
    case '/echo': {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      json(response, 200, {
        method: request.method,
        type: request.headers['content-type'],
        body: Buffer.concat(chunks).toString('utf8'),
      })
      return
    }
    case '/never':
      return
    default:
      json(response, 404, { pathname })
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
