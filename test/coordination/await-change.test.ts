import { describe, expect, it } from 'vitest'
import { awaitChange } from '../../src/coordination/await-change.ts'
import { world } from '../support/world.ts'

const open = new AbortController().signal

/** When it looked, in ms, while nothing happened for ten seconds. */
async function looks(hears?: () => boolean): Promise<number[]> {
  const runtime = world()
  const at: number[] = []
  const look = async () => {
    at.push(runtime.clock.now())
    return undefined
  }
  const watched = { watch: () => () => {}, look, closed: open, ...(hears && { hears }) }
  const wait = awaitChange(watched, { timeoutMs: 10_000 }, runtime)
  await runtime.clock.advance(10_000)
  expect(await wait).toBe('timeout')
  expect(runtime.clock.pending).toBe(0)
  return at
}

describe('a wait for a change', () => {
  it('looks often at first where nobody would tell it', async () => {
    const at = await looks()
    expect(at.filter((ms) => ms <= 400).length).toBeGreaterThanOrEqual(3)
  })

  it('looks each second where somebody would', async () => {
    const at = await looks(() => true)
    expect(at[0]).toBe(0)
    expect(at[1]).toBeGreaterThanOrEqual(500)
    expect(at.length).toBeLessThanOrEqual(21)
    expect(at.length).toBeGreaterThanOrEqual(11)
  })

  it('looks more often again from the moment when hints can be heard no more', async () => {
    let heard = true
    const runtime = world(0.5)
    let count = 0
    const look = async () => {
      count++
      return undefined
    }
    const wait = awaitChange(
      { watch: () => () => {}, look, hears: () => heard, closed: open },
      { timeoutMs: 9_000 },
      runtime,
    )
    await runtime.clock.advance(3_000)
    const before = count
    heard = false
    await runtime.clock.advance(6_000)
    expect(before).toBe(5)
    expect(count - before).toBeGreaterThanOrEqual(10)
    expect(await wait).toBe('timeout')
  })
})
