// A contender's process, against the server.
import '../../support/from-source.mjs'
import { answer } from '../answer.ts'
import type { Send } from './contenders.ts'

const { contenders } = await import('./contenders.ts')

export interface LoadQuestion {
  readonly name: string
  readonly url: string
  readonly atOnce: number
  readonly forMs: number
}

export interface Load {
  readonly perSecond: number
  /** Of all threads, user and system. */
  readonly cpuUs: number
}

const sends = new Map<string, Promise<Send>>()

/** Requests of one after the other, so many rows of them beside each other, until the time is up. */
async function load(send: Send, url: string, atOnce: number, forMs: number): Promise<number> {
  const endsAt = performance.now() + forMs
  let done = 0
  const row = async () => {
    do {
      await send(url)
      done++
    } while (performance.now() < endsAt)
  }
  await Promise.all(Array.from({ length: atOnce }, row))
  return done
}

/** Opens the connections, which may be closed since. */
const leadMs = 60

answer(async ({ name, url, atOnce, forMs }: LoadQuestion): Promise<Load> => {
  const made = sends.get(name) ?? contenders[name]!()
  sends.set(name, made)
  const send = await made
  // Nothing is collected by hand: no server does that, and with it the figures are others.
  await load(send, url, atOnce, leadMs)
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  const done = await load(send, url, atOnce, forMs)
  const tookMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  return { perSecond: (done * 1_000) / tookMs, cpuUs: (user + system) / done }
})
