import { median, medianOfRounds } from '../median.ts'
import type { Bar, Table } from '../section.ts'
import { type Spot, timeSpots } from './measure.ts'

const inFlight = [1, 10, 100, 1_000, 10_000]
const upstreams = [1, 10, 100, 1_000]
const slack = 0.15

export interface Flatness {
  readonly table: Table
  readonly bars: readonly Bar[]
}

/** Our cost over the reference's at the same place: it may move, as long as the reference's moves with it. */
export async function flatOverCalls(how: { rounds: number; forMs: number }): Promise<Flatness> {
  const places = inFlight.map((atOnce) => ({ label: count(atOnce), atOnce, upstreams: 1 }))
  return flatness('calls in flight', places, how)
}

export async function flatOverUpstreams(how: { rounds: number; forMs: number }): Promise<Flatness> {
  const places = upstreams.map((many) => ({ label: count(many), atOnce: 100, upstreams: many }))
  return flatness('upstreams in turn', places, how)
}

interface Place {
  readonly label: string
  readonly atOnce: number
  readonly upstreams: number
}

async function flatness(
  of: string,
  places: readonly Place[],
  how: { rounds: number; forMs: number },
): Promise<Flatness> {
  const pairs = places.map(({ label, atOnce, upstreams }) => ({
    label,
    // All of ours in one process, and all of theirs: only what they are asked differs, not how they were compiled.
    ours: { name: `createFetch ${upstreams}`, atOnce, process: 'createFetch' } satisfies Spot,
    theirs: { name: `hand-fused ${upstreams}`, atOnce, process: 'hand-fused' } satisfies Spot,
  }))
  const samples = await timeSpots(
    'flat',
    pairs.flatMap(({ ours, theirs }) => [ours, theirs]),
    how,
  )
  const ratios = pairs.map(({ ours, theirs }) =>
    samples.get(ours)!.map((ns, round) => ns / samples.get(theirs)![round]!),
  )
  const overFirst = ratios.map((ratio) => medianOfRounds(ratio, ratios[0]!, (there, first) => there / first))
  return {
    table: {
      title: `Flatness over ${of}, limit: false, ns per call`,
      columns: [of, 'createFetch', 'hand-fused', 'ratio', 'ratio over that at 1'],
      rows: pairs.map(({ label, ours, theirs }, place) => [
        label,
        median(samples.get(ours)!).toFixed(0),
        median(samples.get(theirs)!).toFixed(0),
        median(ratios[place]!).toFixed(2),
        overFirst[place]!.toFixed(2),
      ]),
    },
    bars: [
      { what: `dearest over ${of}, to 1`, measured: Math.max(...overFirst), bound: 1 + slack, unit: '×' },
      {
        what: `cheapest over ${of}, to 1`,
        measured: Math.min(...overFirst),
        is: 'at least',
        bound: 1 - slack,
        unit: '×',
      },
    ],
  }
}

function count(many: number): string {
  return many.toLocaleString('en')
}
