// One contender in a process of its own, so that no other one's event classes make its call sites slower: how long a
// message takes from `ws` to the listener, and one that is sent from the caller to `ws`. No network: `ws` is told that a
// message came, and its `send` is replaced by one that does nothing.
import '../../support/from-source.mjs'

const { openOver } = await import('./contenders.ts')

const [name = '', url = ''] = process.argv.slice(2)
const { socket, wire } = await openOver(name, url)

const warmUp = 300_000
const messages = 50_000
const passes = 25

let bytes = 0
socket.addEventListener('message', ({ data }) => {
  bytes += (data as string).length
})
const frame = Buffer.from('0123456789abcdef')
const receive = (count: number) => {
  for (let index = 0; index < count; index++) wire.emit('message', frame, false)
}

const text = frame.toString()
Object.defineProperty(wire, 'send', {
  value: (data: string) => {
    bytes += data.length
  },
})
const send = (count: number) => {
  for (let index = 0; index < count; index++) socket.send(text)
}

/** The best of many short passes: what else the machine does only ever adds to them. */
async function nsOf(work: (count: number) => void): Promise<number> {
  work(warmUp)
  let best = Infinity
  for (let pass = 0; pass < passes; pass++) {
    // Sockets and timers get their turn.
    await new Promise((resolve) => setTimeout(resolve, 1))
    const startedAt = performance.now()
    work(messages)
    best = Math.min(best, ((performance.now() - startedAt) * 1e6) / messages)
  }
  return best
}

const result = { received: await nsOf(receive), sent: await nsOf(send) }
if (bytes !== 2 * (warmUp + passes * messages) * frame.length) throw new Error(`${name} lost messages`)
console.log(JSON.stringify(result))
process.exit(0)
