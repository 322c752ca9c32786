import { type CostColumn, fasterThan } from '../faster.ts'
import type { FasterPeer, Table } from '../section.ts'
import { addedNs, addedRatio, type Costs, nsOf, together } from './measure.ts'
import { whyFaster } from './why-faster.ts'

/** All that was measured of a group. `against` names the contender whose added cost the ratios are of. */
export function costTable(title: string, costs: Costs, against: string, inReadme = false): Table {
  return {
    title,
    inReadme,
    columns: [
      'contender',
      'ns, one by one',
      'added ns',
      `× ${against}`,
      `ns, ${together} at once`,
      'added ns',
      `× ${against}`,
      'bytes',
      'promises',
      'timers',
    ],
    rows: [...costs].map(([name, { bytes, promises, timers }]) => [
      name,
      ...(['sequential', 'atOnce'] as const).flatMap((mode) => [
        nsOf(costs, name, mode).toFixed(0),
        addedNs(costs, name, mode).toFixed(0),
        name === 'raw' ? '' : addedRatio(costs, name, against, mode).toFixed(2),
      ]),
      bytes.toFixed(0),
      promises.toFixed(0),
      timers.toFixed(0),
    ]),
  }
}

/** Who does better than `ours` in any column of the table. */
export function fasterInTable(
  what: string,
  costs: Costs,
  ours: string,
  peers = [...costs.keys()].filter((name) => name !== ours),
): FasterPeer[] {
  const columns: CostColumn[] = [
    { at: `${what}, one by one`, costOf: (name) => addedNs(costs, name, 'sequential') },
    { at: `${what}, ${together} at once`, costOf: (name) => addedNs(costs, name, 'atOnce') },
    { at: `${what}, bytes`, costOf: (name) => costs.get(name)!.bytes },
    { at: `${what}, promises`, costOf: (name) => Math.round(costs.get(name)!.promises) },
    { at: `${what}, timers`, costOf: (name) => Math.round(costs.get(name)!.timers) },
  ]
  const others = peers.filter((name) => name !== 'raw' && !name.startsWith('breakwater'))
  return fasterThan(ours, others, columns, whyFaster)
}
