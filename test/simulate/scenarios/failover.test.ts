import { expect, test } from 'vitest'
import { simulate } from '../../../src/simulate/index.ts'

const failover = (more: object = {}) => simulate({ name: 'failover', clients: 1_000, others: 500, ...more })

test('a lost region comes to the other once that is known, and the other loses nobody', async () => {
  const report = await failover()
  expect(report.boundMs).toBe(60_000)
  expect(report.t99Ms).toBeGreaterThan(50_000)
  expect(report.t99Ms).toBeLessThanOrEqual(1.15 * 60_000)
  expect(report.details).toMatchObject({ connected: 1, gaveUp: 0, othersLost: 0 })
})

test('it dials less for being told before how fast it may come back', async () => {
  const [plain, told] = [await failover(), await failover({ hint: true })]
  expect(told.attemptsPerClient).toBeLessThanOrEqual(1.4)
  expect(plain.attemptsPerClient).toBeGreaterThan(2)
  expect(told.peakOverCapacity).toBeLessThanOrEqual(2)
  expect(told.t99Ms).toBeLessThanOrEqual(1.2 * 60_000)
})

test('a black hole costs the dials that went into it', async () => {
  const [refused, hole] = [await failover(), await failover({ gone: 'black-hole' })]
  expect(hole.t99Ms).toBeGreaterThan(refused.t99Ms ?? 0)
  expect(hole.t99Ms).toBeLessThanOrEqual(1.6 * 60_000)
  expect(hole.attemptsPerClient).toBeLessThan(refused.attemptsPerClient)
})

test('nobody gets there before it is noticed, though nobody else is there', async () => {
  const { boundMs, tAllMs, curves } = await failover({ others: 0, hint: true })
  expect(curves.recovered.slice(0, 10)).toEqual(Array(10).fill(0))
  expect(tAllMs).toBeGreaterThanOrEqual(boundMs ?? Infinity)
})

test('it matters how soon the loss is noticed', async () => {
  const [soon, late] = [await failover({ noticeMs: 1_000 }), await failover({ noticeMs: 60_000 })]
  expect(late.boundMs).toBe(110_000)
  expect((late.t99Ms ?? 0) - (soon.t99Ms ?? 0)).toBeGreaterThan(30_000)
})

test('connections whose pings wait behind the handshakes are lost, and that is told', async () => {
  const report = await failover({ pings: 'queued' })
  expect(report.details.othersLost).toBeGreaterThan(0)
  expect(report.summary).toContain('of the other region were lost')
})

test('a rival that gives up handshakes never gets there', async () => {
  const { compared } = await failover({ compare: ['partysocket'] })
  expect(compared[0]).toMatchObject({ t99Ms: null, t50Ms: null })
})

test('the same seed gives the same report', async () => {
  const given = { clients: 200, others: 50, loss: 0.02, gone: 'black-hole' }
  expect(JSON.stringify(await failover(given))).toBe(JSON.stringify(await failover(given)))
})
