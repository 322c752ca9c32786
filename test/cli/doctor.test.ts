import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Allowance, mostRequests } from '../../src/cli/doctor/allowance.ts'
import { advice, type Diagnosis, diagnosisText, ok, problem } from '../../src/cli/doctor/finding.ts'
import { burstSays, connectionSays, failureSays } from '../../src/cli/doctor/http-connection.ts'
import { retryAfter } from '../../src/cli/doctor/http-words.ts'
import { doctor } from '../../src/cli/doctor/index.ts'
import type { Answer } from '../../src/cli/doctor/request.ts'
import { endSays, openSays } from '../../src/cli/doctor/socket-words.ts'
import { targetOf } from '../../src/cli/doctor/target.ts'
import { main } from '../../src/cli/main.ts'
import { OptionsError } from '../../src/core/options.ts'
import { startTcpServer } from '../support/hostile-server.ts'
import { listen } from '../support/said.ts'

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function hearing(): Promise<{ url: string; authorizations: (string | undefined)[] }> {
  const authorizations: (string | undefined)[] = []
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization)
    response.end('heard')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `127.0.0.1:${(server.address() as AddressInfo).port}/path?token=hush`, authorizations }
}

describe('what the doctor is told', () => {
  it.each([
    [[]],
    [['http://one.test', 'http://two.test']],
    [['ftp://one.test']],
    [['one.test']],
    [['http://one.test', '--header', 'no colon']],
    [['http://one.test', '--header']],
    [['http://one.test', '--header', 'x: a\nb: c']],
    [['http://one.test', '--header', 'Host: other.test']],
    [['http://one.test', '--origin', 'app']],
    [['ws://one.test', '--protocol', 'a b']],
    [['http://one.test', '--timeout', 'soon']],
    [['http://one.test', '--nothing']],
  ])('%j is bad usage', async (args) => {
    const said = listen()
    expect(await main(['doctor', ...args], said)).toBe(2)
    expect(said.out()).toBe('')
    expect(said.notes).toHaveLength(1)
  })

  it('says how it is used', async () => {
    const said = listen()
    expect(await doctor(['--help'], said)).toBe(0)
    expect(said.out()).toContain('Usage: breakwater doctor <url>')
  })

  it.each([
    ['http://user:pass@', []],
    ['http://', ['--header', 'Authorization: Bearer pass']],
    ['http://', ['--header=authorization:Bearer pass', '--json']],
  ])('shows no secret of %s %j, and sends it', async (before, args) => {
    const { url, authorizations } = await hearing()
    const said = listen()
    await doctor([`${before}${url}`, ...args], said)
    expect(said.out()).toContain('/path?…')
    for (const secret of ['hush', 'pass', 'user:', Buffer.from('user:pass').toString('base64')]) {
      expect(said.all()).not.toContain(secret)
    }
    expect(authorizations.length).toBeGreaterThan(5)
    expect(new Set(authorizations)).toEqual(new Set([args.length > 0 ? 'Bearer pass' : 'Basic dXNlcjpwYXNz']))
  })

  it.each([
    ['http://user:pass@one.test:99999/hush'],
    ['http://one.test/', 'Authorization hush'],
    ['http://one.test/', 'Connection: hush'],
  ])('quotes nothing of %j when it refuses it', (...[url, header]: string[]) => {
    let refused: unknown
    try {
      targetOf(url ?? '', header === undefined ? [] : [header])
    } catch (error) {
      refused = error
    }
    expect(refused).toBeInstanceOf(OptionsError)
    expect(String(refused)).not.toMatch(/hush|pass/)
  })

  it.each(['http:', 'ws:'])('lets go of a server over %s that hangs when somebody wants it over', async (protocol) => {
    const end = new AbortController()
    const server = await startTcpServer((socket) => socket.once('data', () => end.abort()))
    closing.push(() => server.close())
    const said = listen(end.signal)
    expect(await doctor([`${protocol}//127.0.0.1:${server.port}/`, '--json', '--timeout', '1m'], said)).toBe(0)
    expect(JSON.parse(said.out())).toMatchObject({ partial: true, findings: [], requests: 1 })
    await expect.poll(() => server.open.size).toBe(0)
  })

  it('is over at once when somebody wants it, with what there is until then', async () => {
    const end = new AbortController()
    const server = await startTcpServer(() => end.abort())
    closing.push(() => server.close())
    const url = `//127.0.0.1:${server.port}/`
    for (const protocol of ['http:', 'ws:', 'http:']) {
      const said = listen(end.signal)
      expect(await doctor([`${protocol}${url}`, '--json', '--timeout', '1m'], said)).toBe(0)
      expect(JSON.parse(said.out())).toMatchObject({ partial: true, findings: [] })
    }
    expect(server.seen()).toBe(1)
  })
})

it('makes no more requests than it may, whatever it was written to do', () => {
  const allowance = new Allowance(1_000, new AbortController().signal)
  for (let request = 0; request < mostRequests; request++) allowance.take()
  expect(() => allowance.take()).toThrow('at most 12')
})

const answer: Answer = {
  status: 200,
  header: () => undefined,
  sentAt: 0,
  gotAt: 0,
  tookMs: 10,
  reused: false,
  connectMs: 5,
  tlsMs: undefined,
  certificateEndsAt: undefined,
  body: 'ended',
}

describe('what takes too long for a test to wait for', () => {
  it.each([
    [5, undefined, 'ok'],
    [400, 300, 'ok'],
    [400, 700, 'advice'],
  ] as const)('a connection of %s ms and TLS of %s ms', (connectMs, tlsMs, expected) => {
    expect(connectionSays({ ...answer, connectMs, tlsMs })[0]?.level).toBe(expected)
    const dial = { transportMs: connectMs, openMs: connectMs + (tlsMs ?? 0) }
    expect(openSays(dial as never, tlsMs !== undefined)[0]?.level).toBe(expected)
  })

  it.each([
    [90, 'ok', '90 days'],
    [3, 'advice', '3 days'],
    [1, 'advice', 'in 1 day,'],
  ])('a certificate that ends in %i days', (days, expected, words) => {
    const found = connectionSays({ ...answer, certificateEndsAt: days * 86_400_000 + 1 })[1]
    expect([found?.level, found?.says]).toEqual([expected, expect.stringContaining(words)])
  })

  it.each([
    [[10, 10, 10, 10, 10], 'ok'],
    [[200, 400, 600, 800, 1_000], 'advice'],
  ])('a few at once that take %j ms', (times, expected) => {
    const burst = times.map((tookMs) => ({ ...answer, tookMs }))
    expect(burstSays({ ...answer, tookMs: 200 }, burst)[0]?.level).toBe(expected)
  })
})

it.each([
  ['EPROTO', 'TLS handshake (EPROTO)'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS handshake'],
  ['CERT_HAS_EXPIRED', 'certificate is not accepted'],
])('a failure of %s', (code, words) => {
  expect(failureSays({ code })).toContain(words)
})

describe('a connection that the server closes by itself', () => {
  it.each([
    [3, ['problem', 'advice']],
    [5_000, ['advice']],
  ])('after %i ms', (aliveMs, levels) => {
    const found = endSays({ code: 1008, reason: '', wasClean: true }, aliveMs)
    expect(found.map(({ level }) => level)).toEqual(levels)
  })
})

describe('a diagnosis for a person', () => {
  const found: Diagnosis = {
    target: 'http://one.test/',
    requests: 8,
    tookMs: 1_234,
    partial: false,
    findings: [ok('first', 'fine'), advice('second', 'could be better'), problem('third', 'is wrong')],
  }

  it('has what is wrong first', () => {
    expect(diagnosisText(found, listen())).toBe(
      [
        'http://one.test/, 8 requests in 1.2 s',
        '',
        'problem  third   is wrong',
        'advice   second  could be better',
        'ok       first   fine',
        '',
        '1 problem, 1 to consider, 1 in order.',
        '',
      ].join('\n'),
    )
  })

  it.each([
    [1, '1 request in'],
    [2, '2 requests in'],
  ])('counts %i', (requests, words) => {
    expect(diagnosisText({ ...found, requests }, listen())).toContain(words)
    const answers = Array.from({ length: requests }, () => ({ ...answer, status: 200 }))
    expect(retryAfter(answers)[0]?.says).toContain(requests === 1 ? 'the only request that' : 'none of the 2 requests')
  })

  it('has colours where they are shown, and says when it was ended early', () => {
    const text = diagnosisText({ ...found, partial: true }, { ...listen(), color: true })
    expect(text).toContain('\u001b[31mproblem\u001b[39m  third')
    expect(text).toContain('ended before all')
  })
})
