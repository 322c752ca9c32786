import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Diagnosis, Level } from '../../src/cli/doctor/finding.ts'
import { doctor } from '../../src/cli/doctor/index.ts'
import { listen } from '../support/said.ts'

type Answering = (request: IncomingMessage, response: ServerResponse) => void

/** Whatever a check asks for: what is well is changed in one respect by each test. */
const well: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization',
  'access-control-expose-headers': 'Retry-After, Date',
  'access-control-max-age': '7200',
  'ratelimit-policy': '"calls";q=100;w=60',
  ratelimit: '"calls";r=99;t=60',
  etag: '"1"',
}

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

interface Served {
  readonly url: string
  readonly seen: readonly IncomingMessage[]
}

async function serve(answering: Answering): Promise<Served> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    answering(request, response)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/things`, seen }
}

/** A server that does all as it should, but for what is given. */
function serving(more: Readonly<Record<string, string | undefined>> = {}): Promise<Served> {
  return serve((request, response) => answer(request, response, more))
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  more: Readonly<Record<string, string | undefined>> = {},
  status = 200,
): void {
  const headers = Object.entries({ ...well, ...more }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  if (more.date !== undefined) response.sendDate = false
  const known = status === 200 && request.headers['if-none-match'] === '"1"' && more.ignoresConditions === undefined
  response.writeHead(request.method === 'OPTIONS' ? 204 : known ? 304 : status, Object.fromEntries(headers))
  response.end(request.method === 'OPTIONS' || known ? undefined : 'a thing')
}

async function look(url: string, ...args: string[]): Promise<Diagnosis & { code: number }> {
  const said = listen()
  const code = await doctor([url, '--json', ...args], said)
  return { code, ...(JSON.parse(said.out()) as Diagnosis) }
}

function level({ findings }: Diagnosis, check: string): Level | undefined {
  return findings.find((finding) => finding.check === check)?.level
}

function says({ findings }: Diagnosis, check: string): string {
  return findings.find((finding) => finding.check === check)?.says ?? ''
}

/** Refuses whatever comes while something else is being done. */
function refusing(headers: Readonly<Record<string, string | undefined>>, status = 429): Answering {
  let busy = 0
  return (request, response) => {
    if (busy >= 2) {
      answer(request, response, headers, status)
      return
    }
    busy++
    // Until all of a few have come.
    setTimeout(() => {
      busy--
      answer(request, response)
    }, 20)
  }
}

describe('the doctor at an API', () => {
  it('finds nothing wrong with one that does all as it should, in eight requests', async () => {
    const { url, seen } = await serving()
    const found = await look(url)
    expect(found.code).toBe(0)
    expect(found.findings.filter(({ level }) => level === 'problem')).toEqual([])
    expect(found.findings.filter(({ level }) => level === 'advice').map(({ check }) => check)).toEqual(['retry-after'])
    expect(seen).toHaveLength(8)
    expect(found.requests).toBe(8)
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'GET', 'OPTIONS', 'GET', 'GET', 'GET', 'GET', 'GET'])
    expect(found.partial).toBe(false)
  })

  it.each<[what: string, headers: Record<string, string | undefined>, status: number, check: string, level: Level]>([
    ['a refusal with seconds', { 'retry-after': '5' }, 429, 'retry-after', 'ok'],
    ['a refusal with a date', { 'retry-after': 'Sun, 06 Nov 2094 08:49:37 GMT' }, 503, 'retry-after', 'ok'],
    ['a refusal without a word', {}, 429, 'retry-after', 'problem'],
    ['a refusal with nonsense', { 'retry-after': 'soon' }, 503, 'retry-after', 'problem'],
    ['a refusal that asks back at once', { 'retry-after': '0' }, 429, 'retry-after', 'advice'],
    ['a refusal that browsers can read', { 'retry-after': '5' }, 429, 'cors', 'ok'],
    [
      'a refusal that browsers cannot read',
      { 'retry-after': '5', 'access-control-expose-headers': undefined },
      429,
      'cors',
      'problem',
    ],
    [
      'a refusal that looks like a broken network',
      { 'retry-after': '5', 'access-control-allow-origin': undefined },
      503,
      'cors',
      'problem',
    ],
    [
      'a wildcard that counts for nothing with credentials',
      { 'retry-after': '5', 'access-control-expose-headers': '*', 'access-control-allow-credentials': 'true' },
      429,
      'cors',
      'problem',
    ],
    ['a wildcard', { 'retry-after': '5', 'access-control-expose-headers': '*' }, 429, 'cors', 'ok'],
    ['a refusal under a few', { 'retry-after': '5' }, 429, 'burst', 'ok'],
    ['a fault under a few', {}, 500, 'burst', 'problem'],
  ])('%s', async (_what, headers, status, check, expected) => {
    const { url, seen } = await serve(refusing(headers, status))
    const found = await look(url)
    expect([level(found, check), found.code]).toEqual([expected, expected === 'problem' ? 1 : found.code])
    expect(seen.length).toBeLessThanOrEqual(12)
  })

  it.each<[what: string, headers: Record<string, string | undefined>, check: string, level: Level]>([
    ['no Retry-After to be read by browsers', { 'access-control-expose-headers': undefined }, 'cors', 'advice'],
    ['no page at all', { 'access-control-allow-origin': undefined }, 'cors', 'ok'],
    ['a preflight that is forgotten', { 'access-control-max-age': undefined }, 'preflight', 'advice'],
    ['a preflight that is remembered', {}, 'preflight', 'ok'],
    ['no quota', { ratelimit: undefined, 'ratelimit-policy': undefined }, 'quota', 'advice'],
    [
      'a quota of its own',
      { ratelimit: undefined, 'ratelimit-policy': undefined, 'x-ratelimit-limit': '5' },
      'quota',
      'advice',
    ],
    ['a policy that cannot be read', { 'ratelimit-policy': '100 per minute' }, 'quota', 'problem'],
    ['a quota that cannot be read', { ratelimit: 'limit=100, remaining=5' }, 'quota', 'problem'],
    ['a policy', {}, 'quota', 'ok'],
    ['a validator', {}, 'caching', 'ok'],
    ['a validator that is not asked', { ignoresConditions: '1' }, 'caching', 'advice'],
    ['no validator', { etag: undefined }, 'caching', 'advice'],
    ['an answer that may be kept', { etag: undefined, 'cache-control': 'max-age=60' }, 'caching', 'ok'],
    ['a connection that is kept', {}, 'keep-alive', 'ok'],
    ['a connection that is closed', { connection: 'close' }, 'keep-alive', 'advice'],
    ['a clock that agrees', {}, 'date', 'ok'],
    ['a Date that cannot be read', { date: 'yesterday' }, 'date', 'advice'],
  ])('%s', async (_what, headers, check, expected) => {
    const { url } = await serving(headers)
    expect(level(await look(url), check)).toBe(expected)
  })

  it('leaves an answer alone that must not be kept', async () => {
    const { url } = await serving({ etag: undefined, 'cache-control': 'no-store' })
    expect(level(await look(url), 'caching')).toBeUndefined()
  })

  it.each([
    [120_000, 'problem', '2 min ahead of'],
    [-120_000, 'problem', '2 min behind'],
    [15_000, 'advice', '15 s ahead of'],
    [2_000, 'ok', 'agree'],
  ] as const)('a clock that is off by %i ms', async (offMs, expected, words) => {
    const { url } = await serve((request, response) => {
      answer(request, response, { date: new Date(Date.now() + offMs).toUTCString() })
    })
    const found = await look(url)
    expect(level(found, 'date')).toBe(expected)
    expect(says(found, 'date')).toContain(words)
    expect(found.code).toBe(expected === 'problem' ? 1 : 0)
  })

  it('a preflight that wants a token', async () => {
    const { url } = await serve((request, response) => {
      if (request.method === 'OPTIONS') response.writeHead(401, well).end()
      else answer(request, response)
    })
    const found = await look(url)
    expect([level(found, 'preflight'), found.code]).toEqual(['problem', 1])
  })

  it('asks nothing more of one that says it is busy', async () => {
    const { url, seen } = await serve((request, response) => answer(request, response, {}, 503))
    const found = await look(url)
    expect([level(found, 'retry-after'), found.code]).toEqual(['problem', 1])
    expect(seen).toHaveLength(1)
  })

  it('a request that hangs', async () => {
    const { url, seen } = await serve(() => {})
    const found = await look(url, '--timeout', '400ms')
    expect([says(found, 'answer'), found.code]).toEqual([expect.stringContaining('did not answer in time'), 1])
    expect(seen).toHaveLength(1)
  })

  it('a connection that is reset', async () => {
    const { url } = await serve((request) => (request.socket as Socket).resetAndDestroy())
    const found = await look(url)
    expect([says(found, 'answer'), found.code]).toEqual([expect.stringContaining('dropped the connection'), 1])
  })

  it('nobody who listens', async () => {
    const { url } = await serving()
    const [server] = servers.splice(0)
    server?.close()
    const found = await look(url)
    expect([says(found, 'answer'), found.code]).toEqual([expect.stringContaining('refused'), 1])
  })

  it('a few requests at once that are dropped', async () => {
    let open = 0
    const { url, seen } = await serve((request, response) => {
      if (++open > 2) (request.socket as Socket).resetAndDestroy()
      else
        setTimeout(() => {
          open--
          answer(request, response)
        }, 20)
    })
    const found = await look(url)
    expect([level(found, 'burst'), found.code]).toEqual(['problem', 1])
    expect(seen.length).toBeLessThanOrEqual(12)
  })

  it('a body that never ends is a problem, and it says what it did not look at', async () => {
    const { url, seen } = await serve((_request, response) => response.writeHead(200, well).write('a'))
    const found = await look(url, '--timeout', '400ms')
    expect([level(found, 'status'), level(found, 'body'), found.code]).toEqual(['ok', 'problem', 1])
    expect(says(found, 'body')).toContain('never ends')
    expect(says(found, 'not seen')).toContain('not looked at: keep-alive, caching, preflight and burst')
    expect(level(found, 'burst')).toBeUndefined()
    expect(seen).toHaveLength(1)
    const bare = await look((await serve((_request, response) => response.write('a'))).url, '--timeout', '400ms')
    expect(level(bare, 'caching')).toBe('advice')
    expect(says(bare, 'not seen')).not.toContain('caching')
  })

  it('a body that takes its time, and ends, is none', async () => {
    const { url } = await serve((request, response) => {
      if (request.method === 'OPTIONS') return answer(request, response)
      response.writeHead(200, well).write('a')
      setTimeout(() => response.end('z'), 60)
    })
    const found = await look(url)
    expect([level(found, 'keep-alive'), level(found, 'burst'), found.code]).toEqual(['ok', 'ok', 0])
    expect([level(found, 'body'), level(found, 'not seen')]).toEqual([undefined, undefined])
  })

  it('a stream that says that it is one is none, but its connection cannot be seen used again', async () => {
    const { url } = await serve((request, response) => {
      if (request.method === 'OPTIONS') return answer(request, response)
      response.writeHead(200, { ...well, 'content-type': 'text/event-stream' }).write('event: one\n\n')
    })
    const found = await look(url, '--timeout', '300ms')
    expect([level(found, 'body'), level(found, 'keep-alive'), found.code]).toEqual(['advice', 'advice', 0])
    expect(says(found, 'keep-alive')).toContain('could not be seen')
  })

  it('more of a body than is read is none either', async () => {
    const { url } = await serve((request, response) => {
      if (request.method === 'OPTIONS') return answer(request, response)
      response.writeHead(200, well).end(Buffer.alloc(1_500_000))
    })
    const found = await look(url)
    expect([level(found, 'body'), level(found, 'keep-alive'), found.code]).toEqual([undefined, 'advice', 0])
  })

  it('a body that breaks off', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(200, well).write('a', () => (request.socket as Socket).resetAndDestroy())
    })
    const found = await look(url)
    expect([says(found, 'body'), found.code]).toEqual([expect.stringContaining('in the middle'), 1])
  })

  it('bodies that do not end only when there are a few', async () => {
    let open = 0
    const { url } = await serve((request, response) => {
      if (++open > 2) return void response.writeHead(200, well).write('a')
      setTimeout(() => {
        open--
        answer(request, response)
      }, 20)
    })
    const found = await look(url, '--timeout', '400ms')
    expect([level(found, 'burst'), found.code]).toEqual(['problem', 1])
    expect(says(found, 'burst')).toContain('3 were answered with a body that did not come to its end')
  })

  it.each([
    [503, 'problem', 'down'],
    [429, 'advice', 'quota is used up'],
  ] as const)('a %i to everything, with a good Retry-After', async (status, expected, words) => {
    const { url, seen } = await serve((request, response) => answer(request, response, { 'retry-after': '5' }, status))
    const found = await look(url)
    expect([level(found, 'status'), level(found, 'retry-after')]).toEqual([expected, 'ok'])
    expect(says(found, 'status')).toContain(words)
    expect(says(found, 'status')).toContain(String(status))
    expect(says(found, 'not seen')).toContain(`after its ${status}`)
    expect([found.code, seen.length]).toEqual([expected === 'problem' ? 1 : 0, 1])
  })

  it('counts in one way: what it asked is what was not refused', async () => {
    const { url } = await serving()
    const found = await look(url)
    expect(says(found, 'retry-after')).toContain(`none of the ${found.requests} requests`)
  })

  it('says that a port does not speak TLS, and nothing of it where nobody asked for TLS', async () => {
    const { url } = await serving()
    const found = await look(url.replace('http:', 'https:'))
    expect([says(found, 'answer'), found.code]).toEqual([expect.stringContaining('does not speak TLS'), 1])
    const socket = await look(url.replace('http:', 'wss:'))
    expect([says(socket, 'upgrade'), socket.code]).toEqual([expect.stringContaining('does not speak TLS'), 1])
    expect(JSON.stringify(await look(url))).not.toContain('TLS')
  })

  it.each([
    [404, 'advice'],
    [401, 'advice'],
    [500, 'problem'],
  ] as const)('a status of %i', async (status, expected) => {
    const { url } = await serve((request, response) => answer(request, response, {}, status))
    const found = await look(url)
    expect([level(found, 'status'), found.code]).toEqual([expected, expected === 'problem' ? 1 : 0])
  })

  it('follows nobody elsewhere, and shows no more of the place than its origin', async () => {
    const elsewhere = await serving()
    const { url, seen } = await serve((_request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}?token=secret` }).end()
    })
    const found = await look(url)
    expect(seen).toHaveLength(1)
    expect(elsewhere.seen).toHaveLength(0)
    expect(says(found, 'status')).toContain(new URL(elsewhere.url).origin)
    expect(JSON.stringify(found)).not.toContain('secret')
  })

  it('speaks for the page that it is told of', async () => {
    const { url, seen } = await serve((request, response) => {
      const page = request.headers.origin === 'https://app.example' ? request.headers.origin : undefined
      answer(request, response, { 'access-control-allow-origin': page })
    })
    expect(says(await look(url), 'cors')).toContain('--origin')
    expect(says(await look(url, '--origin', 'https://app.example/x'), 'cors')).toContain('may read Retry-After')
    expect(seen.at(-1)?.headers.origin).toBe('https://app.example')
  })
})
