import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/simulate/index.ts'

const source = ['--import', './test/support/from-source.mjs', 'src/cli/index.ts']

interface Ended {
  readonly code: number | null
  readonly killedBy: NodeJS.Signals | null
  readonly out: string
  readonly complaints: string
}

/** The command as a process of its own, in a group of its own as a terminal would have it. */
function start(line: string, flags: readonly string[] = []) {
  const child = spawn(process.execPath, [...flags, ...source, ...line.split(' ')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: undefined, NO_COLOR: undefined },
    detached: true,
  })
  const out = text(child.stdout).catch(() => 'nobody read it')
  const ended: Promise<Ended> = Promise.all([once(child, 'close'), out, text(child.stderr)]).then(
    ([[code, killedBy], out, complaints]) => ({ code, killedBy, out, complaints }),
  )
  return { child, ended }
}

/** CPU seconds that the process and its children have had: how busy the machine is otherwise does not count. */
async function busySeconds(pid: number): Promise<number> {
  const ps = spawn('ps', ['-o', 'cputimes=', '-g', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
  const times = (await text(ps.stdout)).trim().split(/\s+/).map(Number)
  return times.reduce((sum, seconds) => sum + seconds, 0)
}

/** Whether any process of the group still runs; one that has ended may wait for somebody to take notice. */
async function isAlive(pid: number): Promise<boolean> {
  const ps = spawn('ps', ['-o', 'stat=', '-g', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
  return (await text(ps.stdout)).split('\n').some((state) => /^[^Z]/.test(state.trim()))
}

/** Waits until a run is well under way. */
async function underWay(pid: number, seconds: number): Promise<void> {
  while ((await busySeconds(pid)) < seconds) await new Promise((resolve) => setTimeout(resolve, 50))
}

describe.skipIf(process.platform === 'win32')('the command as a process', () => {
  it('ends at Ctrl-C with what there is, and with 130', async () => {
    const { child, ended } = start('simulate reconnect --clients 50k --json')
    await underWay(child.pid!, 2)
    const before = await busySeconds(child.pid!)
    const asked = performance.now()
    child.kill('SIGINT')
    let after = before
    const watch = setInterval(async () => {
      after = Math.max(after, await busySeconds(child.pid!))
    }, 100)
    const { code, killedBy, out, complaints } = await ended
    clearInterval(watch)
    expect([code, killedBy]).toEqual([130, null])
    expect(complaints).toMatch(/^Ended .*: these .*\n$/)
    const report = JSON.parse(out) as Report
    expect(report.partial).toBe(true)
    expect(report.parameters.clients).toBe(50_000)
    // Two seconds by the clock of a machine that does nothing else; of one that does, two seconds of its work.
    const took = (performance.now() - asked) / 1_000
    expect(Math.min(took, after - before)).toBeLessThanOrEqual(2)
  })

  it.each([
    ['of the terminal, which reaches all of it', (pid: number) => process.kill(-pid, 'SIGINT')],
    ['of a kill, which reaches one', (pid: number) => process.kill(pid, 'SIGINT')],
  ])('with a larger heap in another process it ends once at the signal %s', async (_which, kill) => {
    const { child, ended } = start('simulate reconnect --clients 30k --json', ['--max-old-space-size=100'])
    await underWay(child.pid!, 2)
    kill(child.pid!)
    const { code, killedBy, out, complaints } = await ended
    expect([code, killedBy]).toEqual([130, null])
    expect(complaints).toMatch(/^Ended .*: these .*\n$/)
    expect((JSON.parse(out) as Report).partial).toBe(true)
  })

  it('is killed by a second Ctrl-C, the process with the larger heap included', async () => {
    const { child, ended } = start('simulate reconnect --clients 30k --json', ['--max-old-space-size=100'])
    await underWay(child.pid!, 2)
    process.kill(child.pid!, 'SIGINT')
    process.kill(-child.pid!, 'SIGINT')
    // Both may come before the first is looked at, then they are one.
    const { code, killedBy } = await ended
    expect(killedBy ?? code).toBeOneOf(['SIGINT', 130])
    while (await isAlive(child.pid!)) await new Promise((resolve) => setTimeout(resolve, 50))
  })

  it('gives itself the heap that a run needs', async () => {
    const line = 'simulate reconnect --clients 4k --run 10s --json'
    const [small, large] = [start(line, ['--max-old-space-size=64']), start(line)]
    const [inChild, here] = await Promise.all([small.ended, large.ended])
    expect(inChild).toEqual({ ...here, code: 0 })
    expect(JSON.parse(inChild.out).partial).toBe(false)
  })

  it('says nothing when its reader has seen enough', async () => {
    const { child, ended } = start('simulate reconnect --clients 200 --run 10m --compare phoenix --json')
    child.stdout.destroy()
    const { code, out, complaints } = await ended
    expect(out).toBe('nobody read it')
    expect([code, complaints]).toEqual([0, ''])
  })

  it.each(['simulate reconnect --clients many', 'simulat'])('refuses %s without a stack', async (line) => {
    const { code, out, complaints } = await start(line).ended
    expect([code, out]).toEqual([2, ''])
    expect(complaints).toMatch(/^breakwater: .*\n$/)
  })
})
