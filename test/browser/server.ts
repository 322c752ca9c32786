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

/** How many tokens each page has had. */
const tokens = new Map<string, number>()

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
  response.setHeader('access-control-allow-headers', '*, authorization')
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
      json(response, 200, {
        method: request.method,
        type: request.headers['content-type'],
        body: await textOf(request),
      })
      return
    }
    // Counts the tokens of each `id`, and takes no first one.
    case '/token': {
      const id = searchParams.get('id') ?? ''
      const count = (tokens.get(id) ?? 0) + 1
      tokens.set(id, count)
      json(response, 200, { access_token: `${id}-${count}`, expires_in: 3_600 })
      return
    }
    case '/guarded': {
      const { authorization = '' } = request.headers
      if (!authorization.endsWith('-2')) response.writeHead(401).end(Buffer.alloc(100_000))
      else json(response, 200, { authorization, body: await textOf(request) })
      return
    }
    case '/never':
      return
    default:
      json(response, 404, { pathname })
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
