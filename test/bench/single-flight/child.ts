// One contender in a process of its own: what a caller costs, and what it holds while it waits. Run with --expose-gc.
import '../../support/from-source.mjs'
import { answer } from '../answer.ts'

const { contenders } = await import('./contenders.ts')

export interface FlightQuestion {
  readonly of: 'ns' | 'bytes'
}

const [name = ''] = process.argv.slice(2)
const { load, signals: withSignals, callers = 50_000 } = contenders[name]!
const begin = await load()

const turn = () => new Promise((resolve) => setTimeout(resolve, 1))

async function collect(): Promise<void> {
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.()
    await turn()
  }
}

/** A round: all join, and then the one origin answers. */
async function round(of: FlightQuestion['of']): Promise<number> {
  // Made before, because the caller's signal is the caller's.
  const controllers = withSignals ? Array.from({ length: callers }, () => new AbortController()) : []
  const signals = controllers.map(({ signal }) => signal)
  let land: (value: string) => void = () => {}
  const pending = new Promise<string>((resolve) => {
    land = resolve
  })
  const join = begin(() => pending, signals)
  let served = 0
  let allServed: () => void = () => {}
  const done = new Promise<void>((resolve) => {
    allServed = resolve
  })
  const count = () => {
    if (++served === callers) allServed()
  }
  const fail = (error: unknown) => {
    throw error
  }
  // For the time nothing is collected by hand: no program does that, and with it the figures are others.
  if (of === 'bytes') await collect()
  const heapBefore = process.memoryUsage().heapUsed
  const cpuBefore = process.cpuUsage()
  for (let caller = 0; caller < callers; caller++) join(caller).then(count, fail)
  let bytes = 0
  if (of === 'bytes') {
    await collect()
    bytes = process.memoryUsage().heapUsed - heapBefore
  }
  land('order')
  await done
  const { user, system } = process.cpuUsage(cpuBefore)
  // As long as the bytes were counted, everybody's signal was held.
  if (signals.length !== (withSignals ? callers : 0)) throw new Error('signals are gone')
  return (of === 'bytes' ? bytes : (user + system) * 1_000) / callers
}

answer(({ of }: FlightQuestion) => round(of))
