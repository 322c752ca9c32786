// One contender in a process of its own: the heap of its idle sockets. Run with --expose-gc.
import '../../support/from-source.mjs'

const { contenders, opened } = await import('./contenders.ts')

const [name = '', url = ''] = process.argv.slice(2)
const make = await contenders[name]!()
const before = 50
const sockets = 2_000
const atOnce = 50

/** Longer than the uptime after which some drop the timer of their dial. */
const settleMs = 5_500

/** Of the first few it does not matter what they still hold. */
const settleFewMs = 500

const held: unknown[] = []
const onMessage = () => {}

/**
 * Few at once. Node keeps the parsers of upgrades that go on at the same time, up to a thousand, for those that follow;
 * they would count as the sockets' own, some 200 bytes of each, of those that let all dial at once. And on a busy machine
 * the last of many takes longer than some are patient.
 */
async function open(count: number): Promise<void> {
  for (let left = count; left > 0; left -= atOnce) {
    const opening = Array.from({ length: Math.min(atOnce, left) }, () => {
      const socket = make(url)
      socket.addEventListener('message', onMessage)
      held.push(socket)
      return opened(socket)
    })
    await Promise.all(opening)
  }
}

async function heap(afterMs: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  for (let pass = 0; pass < 4; pass++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage().heapUsed
}

// The first ones load code and fill caches that all later ones share.
await open(before)
const empty = await heap(settleFewMs)
await open(sockets)
const full = await heap(settleMs)
console.log(JSON.stringify({ bytes: (full - empty) / sockets, held: held.length }))
process.exit(0)
