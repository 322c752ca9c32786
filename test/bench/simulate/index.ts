// How fast the simulator is, which decides how large a fleet is worth simulating.
import type { ScenarioOptions } from '../../../src/simulate/index.ts'
import { Child } from '../child.ts'
import { median, range } from '../median.ts'
import { inRounds } from '../rounds.ts'
import type { RunSection, Section } from '../section.ts'
import type { Simulation, SimulationQuestion } from './simulation.ts'

interface Simulated {
  readonly title: string
  readonly scenario: ScenarioOptions
  /** What a fleet is counted in, and how many of it there are. */
  readonly unit: string
  readonly units: number
}

const clients = 20_000
const callers = { clients: 100, rate: 10, settleMs: 3_000, runMs: 15_000 }

const simulated: readonly Simulated[] = [
  {
    title: `reconnect: ${clients.toLocaleString('en')} sockets connect, are dropped, and come back`,
    scenario: { name: 'reconnect', clients },
    unit: 'sockets',
    units: clients,
  },
  {
    title: `retry: ${callers.clients} callers at ${callers.rate}/s through a freeze of 10 s`,
    scenario: { name: 'retry', ...callers },
    unit: 'calls',
    units: callers.clients * callers.rate * ((callers.settleMs + callers.runMs) / 1_000),
  },
]

const inUnits = 100_000

async function simulation(question: SimulationQuestion): Promise<Simulation> {
  const child = new Child(new URL('./simulation.ts', import.meta.url), [question.scenario.name])
  try {
    return await child.ask<Simulation>(question)
  } finally {
    child.stop()
  }
}

export const run: RunSection = async ({ quick }): Promise<Section> => {
  const rounds = quick ? 1 : 7
  const figures = new Map<Simulated, { events: number; wall: number[]; cpu: number[] }>()
  for (const one of simulated) {
    const { events } = await simulation({ scenario: one.scenario, count: true })
    figures.set(one, { events, wall: [], cpu: [] })
  }
  await inRounds(simulated, rounds, async (one) => {
    const { seconds, cpuSeconds } = await simulation({ scenario: one.scenario, count: false })
    figures.get(one)!.wall.push(seconds)
    figures.get(one)!.cpu.push(cpuSeconds)
  })
  const rows = simulated.map((one) => {
    const { events, wall, cpu } = figures.get(one)!
    return [
      one.title,
      median(wall).toFixed(2),
      range(wall, 2),
      median(cpu).toFixed(2),
      events,
      Math.round(events / median(wall)),
      `${((median(wall) / one.units) * inUnits).toFixed(1)} (${one.unit})`,
    ]
  })
  return {
    name: 'simulate',
    title: 'Simulator',
    method: `Each scenario in a fresh process, in turns, ${rounds} rounds, by the public simulate(); medians, wall time unless it says CPU. An event is a timer of the virtual world that went off: a packet that arrives, a request that is served, a wait, a deadline or a heartbeat that is over. A run of the same seed has always the same, so they are counted in a run that is not timed. The last column is what ${inUnits.toLocaleString('en')} of them would take at the same pace.`,
    tables: [
      {
        title: 'Scenarios',
        columns: [
          'scenario',
          'wall s',
          'rounds s',
          'CPU s',
          'events',
          'events/s',
          `s per ${inUnits.toLocaleString('en')}`,
        ],
        rows,
      },
    ],
    bars: [],
    faster: [],
  }
}
