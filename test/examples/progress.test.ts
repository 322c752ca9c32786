import { expect, it } from 'vitest'
import { progress } from '../../examples/demo/progress.ts'
import { scenario } from '../../examples/demo/scenario.ts'

function watch(isTTY: boolean): string[] {
  const written: string[] = []
  const { show, done } = progress('Breakwater', scenario(30), { isTTY, write: (text) => written.push(text) })
  const arrivals = Array.from({ length: 30 }, (_, bucket) => bucket)
  for (let elapsedMs = 250; elapsedMs <= 5_250; elapsedMs += 250) show({ elapsedMs, arrivals, succeeded: 7 })
  done()
  return written
}

it('writes a line now and then where a line cannot be written over', () => {
  const lines = watch(false)
  expect(lines.length).toBe(3)
  expect(lines[0]).toBe('Breakwater: 0.3 of 12.5 s, 245 requests/s at the server, 7 calls succeeded\n')
})

it('keeps to one line on a terminal, and clears it at the end', () => {
  const lines = watch(true)
  expect(lines.join('')).not.toContain('\n')
  expect(lines.length).toBe(21 + 1)
  expect(lines.at(-1)).toBe('\r\x1b[2K')
})
