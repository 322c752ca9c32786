// One contender in a process of its own: the heap of its idle sockets. Run with --expose-gc.
import '../../support/from-source.mjs'

const { contenders, opened } = await import('./contenders.ts')

const [name = '', url = ''] = process.argv.slice(2)
const before = 50
const sockets = 2_000

/** Longer than the uptime after which some drop the timer of their dial. */
const settleMs = 6_000

const held: unknown[] = []
const onMessage = () => {}

async function open(count: number): Promise<void> {
  const opening = Array.from({ length: count }, () => {
    const socket = contenders[name]!(url)
    socket.addEventListener('message', onMessage)
    held.push(socket)
    return opened(socket)
  })
  await Promise.all(opening)
}

async function heap(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, settleMs))
  for (let pass = 0; pass < 4; pass++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage().heapUsed
}

// The first ones load code and fill caches that all later ones share.
await open(before)
const empty = await heap()
await open(sockets)
const full = await heap()
console.log(JSON.stringify({ bytes: (full - empty) / sockets, held: held.length }))
process.exit(0)
