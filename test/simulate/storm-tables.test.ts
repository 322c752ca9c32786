import { describe, expect, test } from 'vitest'
import { valuesOf } from '../../src/simulate/parameter.ts'
import { reconnect } from '../../src/simulate/scenarios/reconnect.ts'
import { World } from '../../src/simulate/world.ts'
import { stormClients, stormTables } from '../support/storm-tables.ts'

/** A fiftieth of the field's fleet at a fiftieth of its server; `npm run prove:storms` runs all of it at full size. */
const clients = 2_000

/** Where a run that never drains is long: enough of them to see that it does not. */
const endless = ['grpc', 'partysocket', 'signalr', 'aws-full-60']

const rows = stormTables.flatMap(({ name, world, rows }) =>
  rows.filter(([rival]) => name === 'B' || endless.includes(rival)).map((row) => ({ name, world, rival: row[0], row })),
)

describe('a rival in a world of ours does what the field has measured', () => {
  test.each(rows)('table $name: $rival', async ({ world, rival, row: [, t99, attempts, peak] }) => {
    const backlog = Math.round((4_096 * clients) / stormClients)
    const given = valuesOf(reconnect.name, reconnect.parameters, { clients, backlog, ...world })
    const figures = await reconnect.run(new World({ seed: 1 }), reconnect.complete(given), rival)
    if (t99 === null) expect(figures.t99Ms).toBeNull()
    else expect((figures.t99Ms ?? Infinity) / 1_000 / t99).toBeCloseTo(1, 1)
    expect(Math.abs(figures.attemptsPerClient / attempts - 1)).toBeLessThan(0.05)
    // The busiest second of a small fleet stands out more.
    expect(Math.abs(figures.peakPerSecond / clients / peak - 1)).toBeLessThan(0.1)
  })
})
