import { afterAll, beforeAll } from 'vitest'
import { type ConformanceServer, startConformanceServer } from './server.ts'

/** What Node's own class (24.21) does in another way than the standard. */
export const nodeQuirks = [
  'handler-order',
  'sync-abort',
  'binary-type-reset',
  'uncounted-after-close',
  'close-overtakes-blobs',
  'waits-for-tcp',
  'current-target',
] as const

/** A server for the tests of this file. */
export function serverForFile(): { readonly origin: () => string; readonly connections: () => Promise<number> } {
  let server: ConformanceServer
  beforeAll(async () => {
    server = await startConformanceServer()
  })
  afterAll(() => server.close())
  return { origin: () => server.origin, connections: () => server.connections() }
}

/** Node tells of a listener that throws as an uncaught exception, which would otherwise fail the run. */
export async function reportedByNode(run: () => Promise<unknown>): Promise<unknown[]> {
  const reported: unknown[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => reported.push(error))
  try {
    await run()
    await new Promise((resolve) => setTimeout(resolve, 5))
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of before) process.on('uncaughtException', listener)
  }
  return reported
}
