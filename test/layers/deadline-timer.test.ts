import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createContext, stack } from '../../src/core/layer.ts'
import { createRuntime } from '../../src/core/runtime.ts'
import { DeadlineError, deadline } from '../../src/layers/deadline/index.ts'
import { world } from '../support/world.ts'

const run = promisify(execFile)
const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href)

/** What a Node process of its own says before it ends by itself; it must, or it is ended here and the test fails. */
async function said(code: string): Promise<string> {
  const imports = `
    import { createContext, stack } from ${source('core/layer.ts')}
    import { deadline } from ${source('layers/deadline/index.ts')}`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', imports + code], { timeout: 20_000 })
  return stdout.trim()
}

const never = () => new Promise<string>(() => {})

afterEach(() => void vi.useRealTimers())

describe('the timer of deadlines', () => {
  it('is one however many calls wait, in however many stacks, and none when all have ended', async () => {
    const w = world()
    const ends: (() => void)[] = []
    const call = () => new Promise<string>((resolve) => ends.push(() => resolve('value')))
    const stacks = [100, 200].map((ms) =>
      stack([deadline<string, string>({ ms }), deadline({ ms: ms / 2 }, { scope: 'attempt' })], call, w),
    )
    const calls = stacks.flatMap((one) => Array.from({ length: 100 }, () => one('request', createContext())))
    expect(w.clock.pending).toBe(1)
    for (const end of ends) end()
    await Promise.all(calls)
    expect(w.clock.pending).toBe(0)
  })

  it('ends calls in the order of their ends, those of one moment as they came', async () => {
    const w = world()
    const ended: string[] = []
    const begin = (name: string, ms: number) =>
      stack([deadline<string, string>({ ms })], never, w)(name, createContext()).catch(() => ended.push(name))
    for (const [name, ms] of [
      ['a', 30],
      ['b', 10],
      ['c', 30],
      ['d', 20],
      ['e', 10],
    ] as const)
      void begin(name, ms)
    await w.clock.advance(5)
    void begin('f', 5)
    await w.clock.advance(100)
    expect(ended.slice(0, 3).toSorted()).toEqual(['b', 'e', 'f'])
    expect(ended.slice(3)).toEqual(['d', 'a', 'c'])
    expect(ended.indexOf('b')).toBeLessThan(ended.indexOf('e'))
  })

  it('follows fake timers that come while a call hangs on real ones', async () => {
    const leaver = new AbortController()
    const call = stack([deadline<string, string>({ ms: 60_000 })], never, createRuntime())
    const real = call('real', createContext({ signal: leaver.signal })).catch(() => 'left')
    vi.useFakeTimers()
    const fake = call('fake', createContext()).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(60_001)
    expect(await fake).toBeInstanceOf(DeadlineError)
    leaver.abort()
    expect(await real).toBe('left')
  })
})

describe('a Node process', () => {
  it('waits for a call that only its deadline will end, and not for what one that has ended left set', async () => {
    const code = `
      const quick = stack([deadline({ ms: 3_600_000 })], async () => 'quick')
      console.log(await quick('request', createContext()))
      const hung = stack([deadline({ ms: 20 })], () => new Promise(() => {}))
      console.log(await hung('request', createContext()).catch(({ code }) => code))
      process.on('exit', () => console.log('ended'))`
    expect(await said(code)).toBe('quick\ndeadline\nended')
  })
})
