import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'

/** Starts the demo as the leader of a process group of its own, so that whatever it leaves behind can be found. */
function demo(...args: string[]) {
  const child = spawn(process.execPath, ['examples/demo.ts', ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    if (groupLives(child)) process.kill(-child.pid!, 'SIGKILL')
  })
  const stdout = text(child.stdout)
  const stderr = text(child.stderr)
  const ended = once(child, 'exit').then(([status]) => status as number | null)
  return { child, stdout, stderr, ended }
}

/** Whether any process of its group is left, itself or the server it started. */
function groupLives({ pid }: ChildProcess): boolean {
  try {
    process.kill(-pid!, 0)
    return true
  } catch {
    return false
  }
}

const fleet = {
  calls: expect.any(Number),
  attempts: expect.any(Number),
  amplification: expect.any(Number),
  peakOverCapacity: expect.any(Number),
  succeeded: expect.any(Number),
  failedFast: expect.any(Number),
  recoveryMs: expect.any(Number),
}

const sockets = {
  sockets: 300,
  back: expect.any(Number),
  allBackMs: expect.toBeOneOf([expect.any(Number), null]),
  lowerBoundMs: expect.any(Number),
  busiestOverCapacity: expect.any(Number),
  attemptsPerClient: expect.any(Number),
  wasted: expect.any(Number),
}

it('prints both acts as JSON on its last line, and leaves nothing behind', { timeout: 45_000 }, async () => {
  const { child, stdout, stderr, ended } = demo('--json', '--seconds', '9')
  expect(await ended, await stderr).toBe(0)
  expect(groupLives(child)).toBe(false)
  const figures = JSON.parse((await stdout).trimEnd().split('\n').at(-1)!)
  expect(figures).toEqual({ naive: fleet, breakwater: fleet, sockets: { naive: sockets, breakwater: sockets } })
  expect(figures.naive.calls).toBe(figures.breakwater.calls)
  expect(figures.breakwater.succeeded).toBeGreaterThan(0)
  expect(figures.breakwater.amplification).toBeLessThan(1.3)
  const { naive, breakwater } = figures.sockets
  expect(breakwater.back).toBe(300)
  expect(breakwater.allBackMs).toBeLessThan(1.35 * breakwater.lowerBoundMs)
  expect(breakwater.busiestOverCapacity).toBeLessThan(1.6)
  expect(breakwater.attemptsPerClient).toBeLessThan(1.1)
  expect(naive.busiestOverCapacity).toBeGreaterThan(4)
  expect(naive.wasted).toBeGreaterThan(50)
})

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('ends at %s, and its server with it', { timeout: 15_000 }, async (signal, status) => {
  const { child, stdout, ended } = demo('--json')
  await once(child.stderr, 'data')
  child.kill(signal)
  expect(await ended).toBe(status)
  expect(groupLives(child)).toBe(false)
  expect(await stdout).toBe('')
})

it('ends in the second act as well, and both servers with it', { timeout: 15_000 }, async () => {
  const { child, stdout, ended } = demo('--act', 'sockets')
  await once(child.stdout, 'data')
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  expect(groupLives(child)).toBe(false)
  expect(await stdout).not.toContain('wasted')
})

it('takes its server along even when it is killed', { timeout: 15_000 }, async () => {
  const { child, stderr, ended } = demo()
  await once(child.stderr, 'data')
  child.kill('SIGKILL')
  await ended
  // The server holds the other end as well, so this ends only with it.
  await stderr
})

it('refuses an unknown option with status 2', async () => {
  const { stderr, ended } = demo('--fast')
  expect(await ended).toBe(2)
  expect(await stderr).toMatch(/^demo: .*--fast/)
})

it('explains itself', async () => {
  const { stdout, ended } = demo('--help')
  expect(await ended).toBe(0)
  expect(await stdout).toMatch(/^Usage: npm run demo/)
})
