import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { startRedis } from '../../support/redis-server.ts'
import type { FromMember, MemberOptions } from './member.ts'
import { startProvider } from './provider.ts'

export interface FleetPlan {
  readonly members: number
  readonly forMs: number
  readonly lifetimeS: number
  readonly leaseMs: number
  /** For every so manieth token its leader is killed while its request is under way; 0: never. */
  readonly killEvery: number
  /** How often Redis is killed and started again in that time, evenly spread. */
  readonly redisRestarts: number
}

export interface FleetFigures {
  readonly providerCalls: number
  readonly gets: number
  readonly leases: number
  readonly leadersKilled: number
  readonly redisRestarts: number
  /** Callers who failed, or got a token that had ended, while their process had one that was good. */
  readonly failedWithValid: readonly string[]
  /** Other failures: after a token had ended. */
  readonly failedOtherwise: readonly string[]
  /** Callers who had to wait although a token was good, in ms. */
  readonly waitedWithValid: readonly number[]
  /** Lease versions that were given more than once. */
  readonly repeatedLeases: readonly string[]
  /** The longest time without a new token, in ms. */
  readonly longestGapMs: number
}

/** Real processes, a real Redis and a provider over HTTP, for real time. Processes are ended by what was started here. */
export async function runFleet(plan: FleetPlan): Promise<FleetFigures> {
  const redis = await startRedis()
  const fleet = new Map<string, ChildProcess>()
  const gets = new Map<string, number>()
  const leases: string[] = []
  const failed: Extract<FromMember, { type: 'failed' }>[] = []
  const waited: number[] = []
  let killed = 0
  let started = 0
  let over = false

  const provider = await startProvider(plan.lifetimeS, (token, by) => {
    if (plan.killEvery === 0 || token % plan.killEvery !== 0 || over) return false
    fleet.get(by)?.kill('SIGKILL')
    fleet.delete(by)
    killed++
    // Someone takes its place, as an orchestrator sees to.
    join()
    return true
  })
  function join(): void {
    const id = `member-${++started}`
    const options: MemberOptions = {
      id,
      redisUrl: redis.url,
      tokenUrl: provider.url,
      prefix: 'proof',
      leaseMs: plan.leaseMs,
    }
    const child = fork(new URL('./member.ts', import.meta.url), [JSON.stringify(options)], { execArgv: [] })
    fleet.set(id, child)
    child.on('message', (message: FromMember) => {
      if (message.type === 'gets') gets.set(id, message.count)
      else if (message.type === 'lease') leases.push(message.version)
      else if (message.type === 'failed') failed.push(message)
      else waited.push(message.ms)
    })
    child.on('exit', (code, signal) => {
      if (!over && signal !== 'SIGKILL') failed.push({ type: 'failed', why: `${id} ended (${code})`, hadValid: true })
    })
  }

  try {
    for (let member = 0; member < plan.members; member++) join()
    const startedAt = performance.now()
    const restart = async (number: number) => {
      await until(startedAt + (plan.forMs * (number + 0.5)) / plan.redisRestarts)
      await redis.kill()
      // From a blink to longer than a lease.
      await until(performance.now() + plan.leaseMs * (0.2 + 1.6 * ((number * 0.618) % 1)))
      await redis.start()
    }
    for (let number = 0; number < plan.redisRestarts; number++) await restart(number)
    await until(startedAt + plan.forMs)
  } finally {
    over = true
    await Promise.all([...fleet.values()].map((child) => ended(child)))
    await provider.stop()
    await redis.stop()
  }
  const gaps = provider.calls.slice(1).map(({ atMs }, index) => atMs - (provider.calls[index]?.atMs ?? 0))
  return {
    providerCalls: provider.calls.length,
    gets: [...gets.values()].reduce((sum, count) => sum + count, 0),
    leases: leases.length,
    leadersKilled: killed,
    redisRestarts: plan.redisRestarts,
    failedWithValid: failed.filter(({ hadValid }) => hadValid).map(({ why }) => why),
    failedOtherwise: failed.filter(({ hadValid }) => !hadValid).map(({ why }) => why),
    waitedWithValid: waited,
    repeatedLeases: leases.filter((version, index) => leases.indexOf(version) !== index),
    longestGapMs: Math.max(0, ...gaps),
  }
}

async function until(atMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - performance.now())))
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
