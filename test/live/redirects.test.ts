import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createClient, RedirectError } from '../../src/index.ts'

interface Seen {
  readonly server: 'home' | 'away'
  readonly method: string
  readonly path: string
  readonly secret: string | undefined
  readonly plain: string | undefined
  readonly body: string
}

let seen: Seen[] = []
const servers: Server[] = []
let home = ''
let away = ''

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

async function start(name: 'home' | 'away'): Promise<string> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://any')
    const { 'x-api-key': secret, 'x-plain': plain } = request.headers
    const body = await read(request)
    seen.push({
      server: name,
      method: request.method ?? '',
      path: url.pathname,
      secret: secret as string | undefined,
      plain: plain as string | undefined,
      body,
    })
    const to = url.searchParams.get('to')
    if (to === null) response.end('here')
    else response.writeHead(Number(url.searchParams.get('status') ?? 302), { location: to }).end()
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  home = await start('home')
  away = await start('away')
})
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})
beforeEach(() => {
  seen = []
})

const withSecret = { headers: { 'x-api-key': 'canary', 'x-plain': 'kept' } }
const client = createClient({ secretHeaders: ['x-api-key'] })

describe('a call that carries a secret', () => {
  test('leaves it behind when a redirect changes the origin, and keeps the rest', async () => {
    const response = await client.fetch(`${home}/a?to=${encodeURIComponent(`${away}/b`)}`, withSecret)
    expect(await response.text()).toBe('here')
    expect(response.redirected).toBe(true)
    expect(response.url).toBe(`${away}/b`)
    expect(seen.map(({ server, secret, plain }) => [server, secret, plain])).toEqual([
      ['home', 'canary', 'kept'],
      ['away', undefined, 'kept'],
    ])
  })

  test('would have given it away through the plain fetch', async () => {
    await fetch(`${home}/a?to=${encodeURIComponent(`${away}/b`)}`, withSecret)
    expect(seen.at(-1)?.secret).toBe('canary')
  })

  test('keeps it within the origin', async () => {
    await client.fetch(`${home}/a?to=/b`, withSecret)
    expect(seen.map(({ path, secret }) => [path, secret])).toEqual([
      ['/a', 'canary'],
      ['/b', 'canary'],
    ])
  })

  test('does not get it back on the way home', async () => {
    const back = encodeURIComponent(`${home}/c`)
    await client.fetch(`${home}/a?to=${encodeURIComponent(`${away}/b?to=${back}`)}`, withSecret)
    expect(seen.map(({ secret }) => secret)).toEqual(['canary', undefined, undefined])
  })

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'text'],
    [308, 'PUT', 'PUT', 'text'],
    [301, 'PUT', 'PUT', 'text'],
  ])('follows a %d of a %s as the platform does: %s', async (status, method, then, body) => {
    const url = `${home}/a?status=${status}&to=/b`
    await client.fetch(url, { ...withSecret, method, body: 'text' })
    const ours = seen
    seen = []
    await fetch(url, { ...withSecret, method, body: 'text' })
    expect(ours).toEqual(seen)
    expect(ours.at(-1)).toMatchObject({ method: then, body })
  })

  test('takes the body of a Request along', async () => {
    const request = new Request(`${home}/a?status=307&to=/b`, { ...withSecret, method: 'POST', body: 'text' })
    await client.fetch(request)
    expect(seen.at(-1)).toMatchObject({ method: 'POST', path: '/b', body: 'text', secret: 'canary' })
  })

  test('ends with a RedirectError where its body cannot be sent twice', async () => {
    const body = new Blob(['text']).stream()
    const init = { ...withSecret, method: 'POST', body, duplex: 'half' } as RequestInit
    const error = await client.fetch(`${home}/a?status=307&to=/b`, init).catch((reason) => reason)
    expect(error).toBeInstanceOf(RedirectError)
    expect(error).toMatchObject({ code: 'redirect', reason: 'body' })
  })

  test('gives up in a circle', async () => {
    const error = await client.fetch(`${home}/a?to=${encodeURIComponent('/a?to=/a')}`, withSecret).then(
      async (response) => response.text(),
      (reason) => reason,
    )
    expect(error).toBe('here')
    const circle = createClient({
      secretHeaders: ['x-api-key'],
      fetch: async () => new Response(null, { status: 302, headers: { location: '/' } }),
    })
    await expect(circle.fetch('https://api.test/', withSecret)).rejects.toMatchObject({ reason: 'too-many' })
  })

  test('never goes from https to http, nor to another protocol', async () => {
    const leadingTo = (location: string) =>
      createClient({
        secretHeaders: ['x-api-key'],
        fetch: async () => new Response(null, { status: 302, headers: { location } }),
      }).fetch('https://api.test/', withSecret)
    await expect(leadingTo('http://api.test/')).rejects.toMatchObject({ reason: 'insecure' })
    await expect(leadingTo('file:///etc/passwd')).rejects.toMatchObject({ reason: 'protocol' })
  })

  test('is left alone where the caller wants to see redirects', async () => {
    const response = await client.fetch(`${home}/a?to=/b`, { ...withSecret, redirect: 'manual' })
    expect(response.status).toBe(302)
    await expect(client.fetch(`${home}/a?to=/b`, { ...withSecret, redirect: 'error' })).rejects.toThrow(TypeError)
  })
})

test('a call without a secret goes the platform’s own way', async () => {
  const inits: (RequestInit | undefined)[] = []
  const watched = createClient({
    secretHeaders: ['x-api-key'],
    fetch: (input, init) => {
      inits.push(init)
      return fetch(input, init)
    },
  })
  await watched.fetch(`${home}/a?to=/b`)
  expect(inits.map((init) => init?.redirect)).toEqual([undefined])
})
