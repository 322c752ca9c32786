import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '../../src/index.ts'
import type { Scenario } from './scenario.ts'

/** What a client does with one call. */
export type Send = (url: string, signal: AbortSignal) => Promise<Response>

/** Clients that know nothing of each other, as on different machines. */
export interface Fleet {
  readonly clients: readonly Send[]
  close(): Promise<void>
}

const attempts = 3
const waitMs = 200

/** What is often written by hand: a few attempts, a fixed wait between them. */
export function naiveFleet({ clients, attemptMs }: Scenario): Fleet {
  const send: Send = async (url, signal) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]) })
        if (response.ok || attempt === attempts) return response
        await response.body?.cancel()
      } catch (error) {
        if (signal.aborted || attempt === attempts) throw error
      }
      await sleep(waitMs, undefined, { signal })
    }
  }
  return { clients: Array.from({ length: clients }, () => send), close: async () => {} }
}

/** Breakwater as it comes, but for the attempt timeout, which is the naive fleet's. */
export function breakwaterFleet({ clients, attemptMs }: Scenario): Fleet {
  const fleet = Array.from({ length: clients }, () => createClient({ attemptMs }))
  return {
    clients: fleet.map(
      (client): Send =>
        (url, signal) =>
          client.fetch(url, { signal }),
    ),
    close: async () => {
      await Promise.all(fleet.map((client) => client.close({ drainMs: 0 })))
    },
  }
}
