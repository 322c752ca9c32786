import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeHint, reconnectHint } from '../../../src/socket/index.ts'
import type { Client } from './fleets.ts'
import { Harbour } from './harbour.ts'
import type { Storm } from './scenario.ts'

/** All that one run left behind, in ms from the kill. */
export interface StormTrace {
  /** When the server that was started again could be reached. */
  readonly upAt: number
  /** When each connection came that was there at the end. */
  readonly backAt: readonly number[]
  /** Dials after the kill, those that found nobody included. */
  readonly dials: number
  /** Handshakes asked of the server that was started again, per bucket. */
  readonly arrivals: readonly number[]
  /** Handshakes that it made for clients who had left. */
  readonly wasted: number
  readonly stalledMs: number
}

/** Longer than all of them take to connect to a server that has no price. */
const connectWithinMs = 10_000

/** What they are given to settle before the kill. */
const calmMs = 500

/** Connects a fleet, kills its server, starts that again, and watches them come back. */
export async function runStorm(storm: Storm, client: Client, stop: AbortSignal): Promise<StormTrace> {
  const { sockets, handshakesPerSecond, downMs, saidDownMs, runMs, bucketMs } = storm
  const hint = reconnectHint({ connections: sockets, acceptPerSecond: handshakesPerSecond, afterMs: saidDownMs })
  const plan = { port: 0, welcome: encodeHint(hint), bucketMs, lifeMs: runMs + 2 * connectWithinMs }
  let harbour = await Harbour.start({ ...plan, listenAtMs: 0, handshakesPerSecond: null, epochMs: 0 })
  const url = `ws://127.0.0.1:${harbour.port}/`
  const open = new Map<number, number>()
  let dials = 0
  let killedAt = performance.now()
  const start = (id: number) =>
    client(
      url,
      {
        opened() {
          dials++
          open.set(id, performance.now() - killedAt)
        },
        lost() {
          // A dial that became none; else what was open before is counted already.
          if (!open.delete(id)) dials++
        },
      },
      storm,
    )
  const ends: (() => void)[] = []
  const until = async (done: () => boolean, ms: number) => {
    for (const endAt = performance.now() + ms; !done() && performance.now() < endAt; ) {
      await sleep(20, undefined, { signal: stop })
    }
  }
  const delay = monitorEventLoopDelay()
  try {
    for (let id = 0; id < sockets; id++) ends.push(start(id))
    await until(() => open.size === sockets, connectWithinMs)
    if (open.size < sockets) throw new Error(`only ${open.size} of ${sockets} sockets could be opened`)
    await sleep(calmMs, undefined, { signal: stop })
    const epochMs = Date.now()
    killedAt = performance.now()
    dials = 0
    delay.enable()
    await harbour.kill()
    const { port } = harbour
    harbour = await Harbour.start({ ...plan, port, listenAtMs: epochMs + downMs, handshakesPerSecond, epochMs })
    const upAt = performance.now() - killedAt
    await until(() => open.size === sockets, runMs - (performance.now() - killedAt))
    delay.disable()
    const { arrivals, wasted } = await harbour.count()
    return {
      upAt,
      backAt: [...open.values()].sort((a, b) => a - b),
      dials,
      arrivals,
      wasted,
      stalledMs: delay.max / 1e6,
    }
  } finally {
    for (const end of ends) end()
    await harbour.kill()
  }
}
