// One contender in a process of its own, over loopback to a server in another: what it takes of a message that comes, of
// one that goes and comes back, and of making a connection. Run with --expose-gc.
import '../../support/from-source.mjs'
import type { Measured } from './contenders.ts'

const { contenders, opened } = await import('./contenders.ts')

const [name = '', url = ''] = process.argv.slice(2)
const make = await contenders[name]!()

const messages = 400_000
const warmUp = 30_000

/** Echoes that are on their way at any time. */
const inFlight = 100
const echoes = 30_000

const fewSockets = 100
const manySockets = 1_000

const text = '0123456789abcdef'

interface Taken {
  readonly cpuUs: number
  readonly seconds: number
}

/** What the whole process takes for it: its collector and its sockets' part of the kernel are its cost as well. */
async function taken(work: () => Promise<unknown>): Promise<Taken> {
  globalThis.gc?.()
  const startedAt = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { cpuUs: user + system, seconds: (performance.now() - startedAt) / 1_000 }
}

interface Line {
  readonly socket: Measured
  /** Resolves when so many more messages have come; `each` is called for every one. */
  arrivals(count: number, each?: () => void): Promise<void>
}

async function connect(path: string): Promise<Line> {
  const socket = make(url + path)
  await opened(socket)
  let left = 0
  let bytes = 0
  let done = () => {}
  let onMessage = () => {}
  socket.addEventListener('message', ({ data }) => {
    bytes += (data as string).length
    onMessage()
    if (--left === 0) done()
  })
  const arrivals: Line['arrivals'] = (count, each = () => {}) => {
    left = count
    bytes = 0
    onMessage = each
    return new Promise((resolve, reject) => {
      done = () => (bytes === count * text.length ? resolve() : reject(new Error(`${name} changed messages`)))
    })
  }
  return { socket, arrivals }
}

async function receive(): Promise<Taken> {
  const { socket, arrivals } = await connect('flood')
  const flood = (count: number) => {
    const all = arrivals(count)
    socket.send(String(count))
    return all
  }
  await flood(2 * warmUp)
  return taken(() => flood(messages))
}

async function echo(): Promise<Taken> {
  const { socket, arrivals } = await connect('echo')
  const roundTrips = (count: number) => {
    let toSend = count - inFlight
    const all = arrivals(count, () => {
      if (toSend-- > 0) socket.send(text)
    })
    for (let index = 0; index < inFlight; index++) socket.send(text)
    return all
  }
  await roundTrips(warmUp)
  return taken(() => roundTrips(echoes))
}

const held: unknown[] = []

function open(count: number): Promise<unknown> {
  const opening = Array.from({ length: count }, () => {
    const socket = make(url)
    held.push(socket)
    return opened(socket)
  })
  return Promise.all(opening)
}

const received = await receive()
const echoed = await echo()
await open(fewSockets)
const connected = await taken(() => open(manySockets))
const result = {
  receivePerSecond: messages / received.seconds,
  receiveCpu: received.cpuUs / messages,
  echoPerSecond: echoes / echoed.seconds,
  echoCpu: echoed.cpuUs / echoes,
  connectCpu: connected.cpuUs / manySockets,
  held: held.length,
}
console.log(JSON.stringify(result))
process.exit(0)
