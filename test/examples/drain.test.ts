import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'

it('10-drain.ts brings 1,000 clients back evenly with their sessions, in 40 lines, and ends by itself', async () => {
  expect(readFileSync('examples/10-drain.ts', 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  const hooks = new URL('../support/from-source.mjs', import.meta.url).href
  const child = spawn(process.execPath, ['--import', hooks, 'examples/10-drain.ts'])
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  expect([status, stderr]).toEqual([0, ''])
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^1000 sockets are open/)
  expect(lines.at(-1)).toBe('1000 of them go on where they were')
  const fifths = lines.slice(1, -1).map((line) => Number(line.split(' ').at(-1)))
  expect(fifths.reduce((sum, came) => sum + came)).toBe(1_000)
  // 2.2 s as planned, in steps of 0.2 s: a mean of 91 of them.
  expect(fifths.length).toBeGreaterThanOrEqual(10)
  expect(Math.max(...fifths)).toBeLessThan(270)
})
