import { expect, it } from 'vitest'
import { scenario } from '../../examples/demo/scenario.ts'
import { table } from '../../examples/demo/table.ts'

const naive = {
  calls: 1_350,
  attempts: 3_318,
  amplification: 2.458,
  peakOverCapacity: 4,
  succeeded: 298,
  failedFast: 0,
  recoveryMs: 6_000,
}
const ours = { ...naive, attempts: 1_190, amplification: 0.881, peakOverCapacity: 1, succeeded: 1_109, recoveryMs: 300 }
const lines = table(scenario(30), ['plain fetch', 'Breakwater'], [naive, ours]).split('\n')

it('sets both fleets side by side', () => {
  expect(lines.slice(0, 9)).toEqual([
    '                                          plain fetch     Breakwater',
    'calls                                           1,350          1,350',
    'attempts                                        3,318          1,190',
    'amplification (attempts / calls)                 2.46           0.88',
    'peak load / capacity                             4.00           1.00',
    'peak load / offered load                         4.80           1.20',
    'succeeded                                  298 (22 %)   1,109 (82 %)',
    'failed fast                                         0              0',
    'time to recover                    not within the run          0.3 s',
  ])
})

it('says what the words mean, and how long the run went on', () => {
  expect(lines.slice(9).join(' ')).toContain('the run ends after 6.0 s')
})

it('keeps within 80 columns', () => {
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
})
