import { type ClientOptions, createClient } from '../client/index.ts'
import { httpFormulas } from './rivals/http-formulas.ts'
import { RivalClient } from './rivals/rival-client.ts'
import type { RequestServer } from './servers/request-server.ts'
import type { World } from './world.ts'

export interface HttpCallerOptions {
  readonly world: World
  readonly server: RequestServer
  /** `breakwater`, or a formula by its name. */
  readonly policy: string
  /** Which client of the fleet this is. */
  readonly client: number
  /** The patience of one attempt, in ms. */
  readonly attemptMs: number
  /** What ours is made with besides. */
  readonly ours?: ClientOptions
  /** As for `RivalClient`. */
  readonly mayAsk?: () => boolean
}

/** Makes a call and is told in the end whether it succeeded. */
export type Caller = (done: (ok: boolean) => void) => void

/** One client of a fleet: a real one of ours, or a published formula. */
export function httpCaller({ world, server, policy, client, attemptMs, ours, mayAsk }: HttpCallerOptions): Caller {
  const formula = httpFormulas.find(({ name }) => name === policy)
  if (formula) {
    const random = world.random(client)
    const rival = new RivalClient({ world, random, server, formula, attemptMs, ...(mayAsk && { mayAsk }) })
    return (done) => rival.call(done)
  }
  const { fetch } = createClient({ attemptMs, ...ours, fetch: server.send, runtime: world.runtime(client) })
  return (done) => {
    fetch('http://server.test/').then(
      (response) => done(response.ok),
      () => done(false),
    )
  }
}
