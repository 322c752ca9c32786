import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { SessionServer, type SessionServerOptions } from '../../examples/json-session-server.ts'
import { readJournal, SessionStore } from '../../examples/json-session-store.ts'
import { seededRandom } from '../../src/core/random.ts'
import { jsonSession, type SessionLink } from '../../src/socket/index.ts'
import { manualClock } from '../../src/testing/index.ts'

function journalFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-session-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'journal')
}

async function start(options: Partial<SessionServerOptions> = {}) {
  const journal = options.journal ?? journalFile()
  const server = new SessionServer({ ...options, journal })
  let drained: Promise<void> | undefined
  const drain = () => {
    drained ??= server.drain()
    return drained
  }
  onTestFinished(drain)
  return { server, journal, drain, url: `ws://127.0.0.1:${await server.listening()}/` }
}

type Frame = Record<string, unknown>

/** A client that says what a test wants it to. */
async function connect(url: string) {
  const socket = new WebSocket(url)
  onTestFinished(() => socket.terminate())
  const heard: Frame[] = []
  socket.on('message', (data) => heard.push(JSON.parse(String(data))))
  const closed = once(socket, 'close').then(([code]) => code as number)
  await once(socket, 'open')
  const say = (frame: unknown) => socket.send(JSON.stringify(frame))
  const hello = async (id: unknown = null, got: unknown = 0) => {
    say({ t: 'hello', v: 1, id, got })
    await once(socket, 'message')
    return heard[0]!
  }
  return { socket, heard, closed, say, hello }
}

describe('json-session.md', () => {
  const page = readFileSync('examples/json-session.md', 'utf8')

  it('has a conversation that the client has in these very words', () => {
    const lines = /```\n(> .*?)```/s.exec(page)![1]!.trimEnd().split('\n')
    const session = jsonSession()
    const said: string[] = []
    const connect = (): SessionLink => {
      const nothing = () => {}
      const runtime = { clock: manualClock(), random: seededRandom(1) }
      const send = (frame: unknown) => said.push(String(frame))
      return {
        runtime,
        send,
        ready: nothing,
        deliver: nothing,
        hint: nothing,
        room: nothing,
        fail: (_, why) => expect.unreachable(why),
      }
    }
    let link = connect()
    session.opened(link)
    for (const line of lines) {
      if (line === '--') {
        if (lines.indexOf(line) !== lines.lastIndexOf(line) && session.id && session.unacknowledged === 0) {
          link.send(session.frame!('third', undefined)!)
          said.pop()
        }
        session.closed!(link)
        link = connect()
        session.opened(link)
      } else if (line.startsWith('< ')) session.received(line.slice(2), link)
      else {
        const { t, d } = JSON.parse(line.slice(2))
        if (t === 'msg' && said.length === 0) link.send(session.frame!(d, undefined)!)
        expect(said.shift()).toBe(line.slice(2))
      }
    }
    expect(said).toEqual([])
    expect(session.unacknowledged).toBe(0)
  })

  it('lists the close codes and the figures that both sides have', () => {
    const server = readFileSync('examples/json-session-server.ts', 'utf8')
    for (const code of ['4400', '4500']) expect([page.includes(code), server.includes(code)]).toEqual([true, true])
    expect(server).toContain('graceMs = 10_000')
    const lines = ['server', 'store'].map(
      (name) => readFileSync(`examples/json-session-${name}.ts`, 'utf8').split('\n').length,
    )
    expect(Math.max(...lines)).toBeLessThanOrEqual(201)
    const about = Number(/in (\d+) lines/.exec(page)![1])
    expect(Math.abs(lines[0]! + lines[1]! - about)).toBeLessThan(10)
  })
})

describe('the journal', () => {
  it('gives a new store what the old one had, without the line that it died in', () => {
    const path = journalFile()
    const store = new SessionStore(path)
    const { id } = store.create()
    for (const n of [1, 2, 3]) store.record(['out', id, n, `s${n}`])
    store.record(['msg', id, 1, 'ü\n"'])
    store.record(['sub', id, 2, 'prices', 'EUR'])
    store.record(['sub', id, 3, 'news', ''])
    store.record(['unsub', id, 4, 'news', ''])
    store.record(['ack', id, 1])
    const gone = store.create()
    store.record(['end', gone.id])
    const before = structuredClone(store.sessions)
    store.close()
    const whole = readFileSync(path, 'utf8')
    appendFileSync(path, '["msg","half ü')
    const next = new SessionStore(path)
    const [session] = next.sessions.values()
    expect(next.sessions.size).toBe(1)
    expect(session).toMatchObject({ id, got: 4, sent: 3, unacknowledged: ['s2', 's3'] })
    expect({ ...session, awaySince: 0 }).toEqual({ ...before.get(id), awaySince: 0 })
    expect(readFileSync(path, 'utf8')).toBe(whole)
    next.record(['ack', id, 3])
    next.close()
    expect(new SessionStore(path).sessions.get(id)?.unacknowledged).toEqual([])
  })
})

describe('the server', () => {
  it('has written a message when it acknowledges it, and does not take it twice', async () => {
    const told: string[] = []
    const { url, journal } = await start({ onMessage: (_, text) => told.push(text) })
    const { hello, say, heard } = await connect(url)
    const { id } = await hello()
    for (const n of [1, 2, 1, 2, 3]) say({ t: 'msg', n, d: `c${n}` })
    await vi.waitFor(() => expect(heard.at(-1)).toEqual({ t: 'ack', n: 3 }))
    expect(readJournal(journal)).toEqual([['new', id], ...[1, 2, 3].map((n) => ['msg', id, n, `c${n}`])])
    expect(told).toEqual(['c1', 'c2', 'c3'])
  })

  it('goes on with a client whose hello is older than its last acknowledgement', async () => {
    const { url, server } = await start()
    const first = await connect(url)
    const { id } = await first.hello()
    const session = server.sessions.get(String(id))!
    for (const n of [1, 2, 3]) server.send(session, `s${n}`)
    first.say({ t: 'ack', n: 2 })
    await vi.waitFor(() => expect(session.unacknowledged).toEqual(['s3']))
    const second = await connect(url)
    expect(await second.hello(id, 1)).toMatchObject({ id, recovered: true })
    await vi.waitFor(() => expect(second.heard.slice(1)).toEqual([{ t: 'msg', n: 3, d: 's3' }]))
  })

  it('listens to the later of two connections of a session, and leaves the other to its client', async () => {
    const { url, server } = await start()
    const first = await connect(url)
    const { id } = await first.hello()
    const second = await connect(url)
    await second.hello(id)
    first.say({ t: 'msg', n: 1, d: 'from the old one' })
    second.say({ t: 'msg', n: 1, d: 'from the new one' })
    const session = server.sessions.get(String(id))!
    await vi.waitFor(() => expect(session.got).toBe(1))
    server.send(session, 's1')
    await vi.waitFor(() => expect(second.heard.map(({ t }) => t).sort()).toEqual(['ack', 'msg', 'welcome']))
    expect(first.heard).toHaveLength(1)
    expect(first.socket.readyState).toBe(WebSocket.OPEN)
    first.socket.close(1000)
    await first.closed
    server.send(session, 's2')
    await vi.waitFor(() => expect(second.heard.at(-1)).toMatchObject({ d: 's2' }))
    expect(session.awaySince).toBeUndefined()
  })

  it.each([
    ['an unknown id', 'nobody', 0],
    ['a position that never was', undefined, 7],
  ])('makes a new session for %s', async (_, given, got) => {
    const { url, server } = await start()
    const first = await connect(url)
    const { id } = await first.hello()
    first.say({ t: 'msg', n: 1, d: '' })
    const second = await connect(url)
    const welcome = await second.hello(given ?? id, got)
    expect(welcome).toMatchObject({ recovered: false, got: 0 })
    expect(welcome.id).not.toBe(id)
    expect(server.sessions.has(String(welcome.id))).toBe(true)
  })

  it('forgets who takes too little, and who is away for too long', async () => {
    const { url, server, journal } = await start({ maxUnacknowledged: 3, keepMs: 50 })
    const slow = await connect(url)
    const { id } = await slow.hello()
    const session = server.sessions.get(String(id))!
    for (const n of [1, 2, 3, 4, 5]) server.send(session, `s${n}`)
    expect(await slow.closed).toBe(4500)
    expect(slow.heard).toHaveLength(4)
    const away = await connect(url)
    await away.hello()
    expect(server.sessions.size).toBe(1)
    await vi.waitFor(() => expect(server.sessions.size).toBe(1))
    away.socket.close()
    await vi.waitFor(() => expect(server.sessions.size).toBe(0))
    expect(new SessionStore(journal).sessions.size).toBe(0)
  })

  it('sends everybody away with a hint, and is gone', async () => {
    const { url, drain } = await start({ acceptPerSecond: 100, clients: 10 })
    const { hello, heard, socket, closed } = await connect(url)
    expect(await hello()).toMatchObject({ hint: { afterMs: 0, withinMs: 110 } })
    const reason = once(socket, 'close').then(([, text]) => String(text))
    await drain()
    expect(heard.at(-1)).toEqual({ t: 'drain', afterMs: 0, withinMs: 110 })
    expect([await closed, await reason]).toEqual([1012, '{"afterMs":0,"withinMs":110}'])
    const late = new WebSocket(url)
    const [error] = await once(late, 'error')
    expect(error.code).toBe('ECONNREFUSED')
  })

  it('survives whatever a client says, and keeps its journal in order', async () => {
    const { url, journal, server } = await start()
    const value = fc.oneof(fc.nat(4), fc.constantFrom(null, -1, 0.5, 2 ** 60, 'x', {}, { toString: 1 }, [], true))
    const frame = fc.record(
      {
        t: fc.constantFrom(
          'hello',
          'msg',
          'sub',
          'unsub',
          'ack',
          'ping',
          'pong',
          'welcome',
          'later',
          '__proto__',
          null,
        ),
        v: fc.constantFrom(1, 2),
        id: value,
        got: value,
        n: value,
        d: fc.oneof({ weight: 3, arbitrary: fc.string({ maxLength: 3 }) }, value),
        k: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('a', '__proto__') }, value),
      },
      { requiredKeys: ['t'] },
    )
    const said = fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .record({ t: fc.constant('msg'), n: fc.nat(4), d: fc.string() })
          .map((given) => JSON.stringify(given)),
      },
      { weight: 8, arbitrary: frame.map((given) => JSON.stringify(given)) },
      { weight: 1, arbitrary: fc.json() },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }) },
    )
    let closings = 0
    const run = async (greets: boolean, all: readonly (string | Uint8Array)[]) => {
      const { socket, hello, closed } = await connect(url)
      if (greets) await hello()
      for (const text of all) socket.send(text)
      socket.send('{"t":"ping"}')
      const code = await Promise.race([closed, once(socket, 'message').then(() => 0)])
      if (code !== 0) closings++
      expect([0, 4400, 4500]).toContain(code)
      socket.terminate()
    }
    await fc.assert(fc.asyncProperty(fc.boolean(), fc.array(said, { minLength: 1, maxLength: 8 }), run), {
      numRuns: 300,
    })
    expect(closings).toBeGreaterThan(50)
    const numbers = new Map<unknown, number>()
    for (const [what, id, n] of readJournal(journal)) {
      if (what !== 'msg' && what !== 'sub' && what !== 'unsub') continue
      expect(n).toBe((numbers.get(id) ?? 0) + 1)
      numbers.set(id, Number(n))
    }
    expect(numbers.size).toBeGreaterThan(10)
    for (const session of server.sessions.values()) expect(session.got).toBe(numbers.get(session.id) ?? 0)
  })
})
