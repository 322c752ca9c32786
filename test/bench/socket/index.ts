// What a socket costs above the `ws` client under it: per message, per `send`, per connection, and at rest.
import { median, medianOfRounds, range } from '../median.ts'
import type { Bar, RunSection, Section, Table } from '../section.ts'
import { fasterPeers } from './faster.ts'
import { type Kind, measure, type Samples } from './measure.ts'

/** What one of ours may cost at most above `ws`. */
const bounds = [
  { name: 'ReliableSocket', received: 120, sent: 20, bytes: 2_000 },
  { name: 'ReliableSocket, reconnect: false', received: 700, sent: 20, bytes: 2_000 },
]

const bounded = { received: 'ns', sent: 'ns', bytes: 'B' } as const
const boundedWhat = { received: 'a message received', sent: 'a send', bytes: 'an idle socket' } as const

interface Shown {
  readonly title: string
  readonly kind: Kind
  readonly unit: string
  readonly digits: number
}

const shown: readonly Shown[] = [
  { title: 'One message of 16 bytes, from ws to a listener, no network', kind: 'received', unit: 'ns', digits: 1 },
  { title: 'One send of 16 bytes, from the caller to ws, no network', kind: 'sent', unit: 'ns', digits: 1 },
  { title: 'Receive over loopback: CPU of the client per message', kind: 'receiveCpu', unit: 'µs', digits: 2 },
  { title: 'Receive over loopback: rate', kind: 'receivePerSecond', unit: 'msg/s', digits: 0 },
  { title: 'Echo over loopback, 100 in flight: CPU of the client per message', kind: 'echoCpu', unit: 'µs', digits: 2 },
  { title: 'Echo over loopback, 100 in flight: rate', kind: 'echoPerSecond', unit: 'msg/s', digits: 0 },
  { title: 'Opening 1,000 sockets: CPU of the client per socket', kind: 'connectCpu', unit: 'µs', digits: 0 },
  { title: 'Heap of an idle socket, 2,000 of them', kind: 'bytes', unit: 'B', digits: 0 },
]

type All = ReadonlyMap<string, Samples>

function above(all: All, name: string, kind: Kind): number {
  return medianOfRounds(all.get(name)![kind], all.get('ws')![kind], (one, ws) => one - ws)
}

function tableOf(all: All, { title, kind, unit, digits }: Shown): Table {
  const rows = [...all].flatMap(([name, { [kind]: values }]) => {
    if (values.length === 0) return []
    const timesWs = medianOfRounds(values, all.get('ws')![kind], (one, ws) => one / ws)
    const figures = [median(values).toFixed(digits), range(values, digits), above(all, name, kind).toFixed(digits)]
    return [[name, ...figures, timesWs.toFixed(2)]]
  })
  return { title, columns: ['socket', `median ${unit}`, `rounds ${unit}`, 'above ws', '× ws'], rows }
}

function barsOf(all: All): Bar[] {
  return bounds.flatMap(({ name, ...most }) =>
    (['received', 'sent', 'bytes'] as const).map((kind) => {
      const what = `${name}: ${boundedWhat[kind]}, above ws`
      return { what, measured: above(all, name, kind), bound: most[kind], unit: bounded[kind] }
    }),
  )
}

export const run: RunSection = async ({ quick }): Promise<Section> => {
  const rounds = quick ? 1 : 7
  const all = await measure(rounds)
  return {
    name: 'socket',
    title: 'Sockets',
    method: `Everybody over the same ws client without compression, each time in a fresh process, in turns, ${rounds} rounds; the server is a ws server in a process of its own. Figures are medians, those above ws and × ws medians of what was so in the same round. Figures without network are the best of 25 passes; CPU is that of the whole client process, its kernel time and its collector included; heap is after a collection, 5.5 s after the last socket opened.`,
    tables: shown.map((one) => tableOf(all, one)),
    bars: barsOf(all),
    faster: fasterPeers(all),
  }
}
