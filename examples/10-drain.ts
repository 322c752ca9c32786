import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jsonSession, ReliableSocket } from 'breakwater/socket'
import { SessionServer } from './json-session-server.ts'

// A restart of a server that takes 500 handshakes per second, seen by all of its 1,000 clients.
const clients = 1_000
const folder = mkdtempSync(join(tmpdir(), 'drain-'))
const plan = { journal: join(folder, 'journal'), acceptPerSecond: 500, clients }

const server = new SessionServer(plan)
const port = await server.listening()
const url = `ws://127.0.0.1:${port}/`
const sockets = Array.from({ length: clients }, () => new ReliableSocket(url, [], { session: jsonSession() }))
await Promise.all(sockets.map((socket) => once(socket, 'open')))
console.log(`${clients} sockets are open; the server leaves, and tells them when to come to the next one`)

const back = sockets.map(async (socket) => {
  const [{ recovered }] = await once(socket, 'open')
  return { at: performance.now(), recovered }
})
// The next one is there within a second: nobody comes before that.
await server.drain({ afterMs: 1_000 })
const next = new SessionServer({ ...plan, port })

const returns = await Promise.all(back)
const first = Math.min(...returns.map(({ at }) => at))
const fifths = Map.groupBy(returns, ({ at }) => Math.floor((at - first) / 200))
for (let fifth = 0; fifth <= Math.max(...fifths.keys()); fifth++) {
  const came = fifths.get(fifth)?.length ?? 0
  console.log(`${(fifth / 5).toFixed(1)} s ${'#'.repeat(Math.ceil(came / 4))} ${came}`)
}
console.log(`${returns.filter(({ recovered }) => recovered).length} of them go on where they were`)

await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()))
await next.drain()
rmSync(folder, { recursive: true })
