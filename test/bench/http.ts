import ky from 'ky'
import { Bench } from 'tinybench'
import { createClient, createFetch } from '../../src/index.ts'
import { median, range } from './median.ts'

const rounds = 9
const url = 'http://upstream.test/orders?page=1'

/** Answers at once, so that all that is left to measure is the code around it. */
const stub = async () => new Response('{"ok":true}')

const wrapped = createFetch({ fetch: stub })
const client = createClient({ fetch: stub })
const plainKy = ky.create({ fetch: stub, retry: 0, timeout: false })

const contenders: readonly [name: string, call: () => Promise<Response>][] = [
  ['stub fetch', () => stub()],
  ['ky over the stub', () => plainKy.get(url)],
  ['createFetch over the stub', () => wrapped(url)],
  ['createClient().http over the stub', () => client.http.get(url)],
]

const samples = contenders.map((): number[] => [])

for (let round = 0; round < rounds; round++) {
  // Each round starts with another contender: a machine that warms up or slows down favours none.
  for (let turn = 0; turn < contenders.length; turn++) {
    const index = (round + turn) % contenders.length
    const [name, call] = contenders[index]!
    const bench = new Bench({ time: 100, warmupTime: round === 0 ? 300 : 20, throws: true })
    bench.add(name, async () => void (await (await call()).text()))
    const [task] = await bench.run()
    if (task?.result.state !== 'completed') throw new Error(`${name} did not complete: ${task?.result.state}`)
    samples[index]!.push(task.result.latency.p50 * 1000)
  }
}
await client.close()

const medians = samples.map(median)
const [base = Number.NaN, kyMedian = Number.NaN] = medians

console.log(`\nOne call and its body read, ${rounds} interleaved rounds, Node ${process.versions.node}\n`)
console.table(
  Object.fromEntries(
    contenders.map(([name], index) => {
      const us = medians[index]!
      return [
        name,
        {
          'median µs': us.toFixed(2),
          'rounds µs': range(samples[index]!, 2),
          'above stub µs': (us - base).toFixed(2),
          '× stub': (us / base).toFixed(2),
          '× ky': (us / kyMedian).toFixed(2),
        },
      ]
    }),
  ),
)
