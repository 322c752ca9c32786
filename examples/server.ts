// Started by demo/server-process.ts, a server that misbehaves on a schedule: a process of its own, because sharing a
// thread with the fleet it would be slow whenever the fleet is busy, and the demo would measure itself. Started by hand,
// the identity provider of identity-provider.ts.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Workers } from './demo/workers.ts'
import { identityProvider } from './identity-provider.ts'

export interface Phase {
  /** `refusing` answers 503 with Retry-After at the door; `frozen` takes requests, lets them pile up and answers none. */
  readonly kind: 'refusing' | 'frozen'
  readonly fromMs: number
  readonly toMs: number
}

export interface ServerPlan {
  readonly workers: number
  readonly serviceMs: number
  /** Requests that may wait for a worker, after which it refuses: one without such a bound runs out of memory. */
  readonly queue: number
  /** The seconds that each 503 asks for. */
  readonly retryAfterS: number
  readonly phases: readonly Phase[]
  /** Requests are counted per span of this many ms. */
  readonly bucketMs: number
  /** When it ends by itself, whatever has become of its parent. */
  readonly lifeMs: number
}

export type ToServer = { readonly type: 'start'; readonly plan: ServerPlan } | { readonly type: 'stop' }
export type FromServer =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'started' }
  /** How many requests arrived in each bucket since the last report, refused ones included. */
  | { readonly type: 'load'; readonly arrivals: readonly number[] }
  /** The rest of them, asked for at the end. */
  | { readonly type: 'stopped'; readonly arrivals: readonly number[] }

/** How long one that nobody gives a plan waits for it. */
const idleLifeMs = 10_000
const reportEveryMs = 250

/** One run of a plan, from the moment it is told to start. */
class Outage {
  readonly #plan: ServerPlan
  readonly #workers: Workers
  readonly #startedAt = performance.now()
  readonly #arrivals: number[] = []
  #refusing = false
  #reported = 0

  constructor(plan: ServerPlan) {
    this.#plan = plan
    this.#workers = new Workers(plan)
    for (const { kind, fromMs, toMs } of plan.phases) {
      setTimeout(() => (kind === 'frozen' ? this.#workers.freeze() : this.#refuse(true)), fromMs)
      setTimeout(() => (kind === 'frozen' ? this.#workers.thaw() : this.#refuse(false)), toMs)
    }
  }

  serve(response: ServerResponse): void {
    const bucket = this.bucket
    this.#arrivals[bucket] = (this.#arrivals[bucket] ?? 0) + 1
    if (!this.#refusing && this.#workers.take(response)) return
    response.writeHead(503, { 'retry-after': String(this.#plan.retryAfterS) }).end()
  }

  get bucket(): number {
    return Math.floor((performance.now() - this.#startedAt) / this.#plan.bucketMs)
  }

  /** The buckets before `until` that were in no report yet. */
  report(until: number): number[] {
    const from = this.#reported
    this.#reported = Math.max(from, until)
    return Array.from({ length: this.#reported - from }, (_, index) => this.#arrivals[from + index] ?? 0)
  }

  #refuse(refusing: boolean): void {
    this.#refusing = refusing
  }
}

/** Serves one demo, as its parent orders. */
function serveDemo(): void {
  let outage: Outage | undefined
  const leave = () => process.exit(0)
  const tell = (message: FromServer) => process.send?.(message)

  let life = setTimeout(leave, idleLifeMs)
  // A terminal sends Ctrl-C to both processes. The parent decides what it means; losing the parent ends this one.
  process.on('SIGINT', () => {})
  process.on('disconnect', leave)
  process.on('message', (message: ToServer) => {
    if (message.type === 'start') {
      const running = new Outage(message.plan)
      outage = running
      clearTimeout(life)
      life = setTimeout(leave, message.plan.lifeMs)
      setInterval(() => tell({ type: 'load', arrivals: running.report(running.bucket) }), reportEveryMs)
      tell({ type: 'started' })
    } else if (outage) tell({ type: 'stopped', arrivals: outage.report(outage.bucket + 1) })
  })

  const server = createServer((request, response) => {
    request.resume()
    outage?.serve(response)
  })
  server.listen(0, '127.0.0.1', () => tell({ type: 'listening', port: (server.address() as AddressInfo).port }))
}

/** Started by hand it is what the examples with tokens talk to. */
function serveProvider(): void {
  const provider = identityProvider()
  provider.listen(Number(process.env.PORT ?? 8787), '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${(provider.address() as AddressInfo).port}`)
  })
}

if (process.send) serveDemo()
else serveProvider()
