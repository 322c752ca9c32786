import { createClient } from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'

export const url = 'http://client.test/'

export const ok = async () => new Response('ok')

/** As a server that hangs; the platform ends it with the signal. */
export const hang: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))

/** A client over a stand-in for `fetch`, in virtual time. */
export function make(send: typeof fetch = ok) {
  const clock = manualClock()
  return { clock, client: createClient({ fetch: send, runtime: { clock, random: () => 0 } }) }
}
