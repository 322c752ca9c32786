import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redis } from './services.ts'

/** A Redis of a test's own, on a port that was free, which can be treated as badly as real life treats one. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Ends it as a crash does: nothing is saved. */
  kill(): Promise<void>
  /** Starts it again on the same port, with what is in its folder. */
  start(): Promise<void>
  /** Holds it up without closing a connection, as a swapping machine does. */
  freeze(): void
  thaw(): void
  /** One command, by the simple protocol; gives the first line of the answer. */
  command(line: string): Promise<string>
  stop(): Promise<void>
}

/** @param extra arguments of redis-server; by default it keeps nothing over a restart */
export async function startRedis(...extra: string[]): Promise<RedisServer> {
  if (redis.path === undefined) throw new Error('there is no redis-server')
  const program = redis.path
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined

  const start = async () => {
    const saving = extra.includes('--save') ? [] : ['--save', '']
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...saving, ...extra]
    child = spawn(program, args, { stdio: 'ignore' })
    for (let tries = 0; ; tries++) {
      const pong = await command(port, 'PING').catch(() => undefined)
      if (pong === '+PONG') return
      if (tries > 200) throw new Error('redis-server does not answer')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const kill = async () => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const gone = once(ending, 'exit')
    ending.kill('SIGKILL')
    await gone
  }
  // However the test run ends, its server ends with it.
  const last = () => child?.kill('SIGKILL')
  process.once('exit', last)
  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    command: (line) => command(port, line),
    stop: async () => {
      await kill()
      process.off('exit', last)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

function command(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')))
    socket.once('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(data.toString().split('\r\n')[0] ?? '')
    })
    socket.write(`${line}\r\n`)
  })
}
