import { expect, it } from 'vitest'
import { faults, killNine } from '../support/kill-nine.ts'

// `npm run prove:kill-nine` does the same 200 times.
it('loses, doubles and reorders nothing while its server is killed again and again', async () => {
  const report = await killNine({ kills: 16 })
  for (const fault of faults) expect([fault, report[fault]]).toEqual([fault, 0])
  expect(report.kills).toBe(16)
  expect(report.opens).toBeGreaterThan(2 * 16)
  // Else nothing would have been at stake.
  expect(report.underWay).toBeGreaterThan(8)
  expect(Math.min(report.up, report.down)).toBeGreaterThan(10 * 16)
})
