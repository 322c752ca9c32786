import { onAbort } from '../../core/abort.ts'
import type { Random } from '../../core/random.ts'
import { type Network, type Reach, synEndMs, synRepeatMs } from '../network.ts'
import type { World } from '../world.ts'
import { ServiceQueue } from './service-queue.ts'

export interface RequestServerOptions {
  /** Requests per second that it serves. One whose client has left still costs its time. */
  readonly perSecond: number
  /** Machines behind the one address, each with a queue of its own; a request goes to any of them. One if absent. */
  readonly machines?: number
  /** Requests that one machine works on at a time; one if absent. */
  readonly workers?: number
  /** What a request takes of its worker, in ms, where they differ; all the same, by `perSecond`, if absent. */
  readonly serviceMs?: (() => number) | undefined
  /** Beyond this queue, in ms, a request is turned away, for a twentieth of its cost. Unbounded if absent. */
  readonly shedsBeyondMs?: number | undefined
  /** With which answer. */
  readonly shed?: Answer
  /** Share of requests that are answered with a 500 at once, at no cost. */
  readonly errors?: number
}

/** What a client hears. Status 0: no answer came, the connection was refused or broke. */
export interface Answer {
  readonly status: number
  readonly retryAfterMs?: number
}

interface PendingRequest {
  /** Gone when its client has left or was told; a server that cannot keep up holds millions whose clients have. */
  hear: ((answer: Answer) => void) | undefined
}

const served: Answer = { status: 200 }
const failed: Answer = { status: 500 }
const broken: Answer = { status: 0 }

/** Turning a request away costs this share of serving it. */
const shedCost = 1 / 20

/** An HTTP server: work in queues, done in the order in which it came. */
export class RequestServer {
  reach: Reach = 'open'
  /** Answers everything with this and serves nothing, for a twentieth of the cost. */
  turnsAwayWith: (() => Answer) | undefined
  /** Told of every request that is sent, whether or not it arrives. */
  onRequest: (() => void) | undefined
  /** Requests served for clients that had left. */
  wasted = 0
  readonly #world: World
  readonly #network: Network
  readonly #options: RequestServerOptions
  readonly #random: Random
  readonly #queues: readonly ServiceQueue[]
  readonly #here = new Set<PendingRequest>()
  /** Requests that nobody has read: they came while it was frozen. */
  #unread: PendingRequest[] = []

  /** @param stream of the world's chance */
  constructor(world: World, network: Network, options: RequestServerOptions, stream: number) {
    this.#world = world
    this.#network = network
    this.#options = options
    this.#random = world.random(stream)
    const { machines = 1, workers = 1 } = options
    this.#queues = Array.from({ length: machines }, () => new ServiceQueue(world, workers))
  }

  /** How fast it is, as a multiple of `perSecond`: 0 is frozen. */
  set speed(speed: number) {
    for (const queue of this.#queues) queue.speed = speed
    if (speed === 0) return
    const unread = this.#unread
    this.#unread = []
    for (const request of unread) this.#read(request)
  }

  /** Requests that wait or are worked on. */
  get queued(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.length + queue.running, this.#unread.length)
  }

  /** The process is gone: connections break, and what waited is forgotten. */
  crash(): void {
    this.reach = 'refusing'
    for (const queue of this.#queues) queue.clear()
    this.#unread = []
    for (const request of [...this.#here]) this.#answer(request, broken)
    this.#here.clear()
  }

  /** Sends a request; `hear` is told the answer. The function returned is the client leaving, which the server does not notice. */
  ask(hear: (answer: Answer) => void): () => void {
    const request: PendingRequest = { hear }
    this.onRequest?.()
    this.#network.carry(() => this.#arrives(request, 0))
    return () => {
      request.hear = undefined
      this.#here.delete(request)
    }
  }

  /** The same as the platform's `fetch`, whatever the URL. */
  readonly send = (_input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { signal } = init
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const leave = this.ask((answer) => {
        stopListening?.()
        if (answer.status === 0) reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }))
        else resolve(new Response(null, { status: answer.status, headers: headersOf(answer) }))
      })
      const stopListening =
        signal &&
        onAbort(signal, () => {
          leave()
          reject(signal.reason)
        })
    })

  #arrives(request: PendingRequest, repeats: number): void {
    if (this.reach === 'open') this.#read(request)
    else if (this.reach === 'refusing') this.#answer(request, broken)
    else {
      const againMs = synRepeatMs[repeats]
      if (againMs === undefined) this.#world.later(synEndMs, () => this.#answer(request, broken))
      // A client that has left does not repeat itself.
      else if (request.hear) this.#world.later(againMs, () => this.#arrives(request, repeats + 1))
    }
  }

  #read(request: PendingRequest): void {
    const { perSecond, machines = 1, workers = 1, errors = 0, shedsBeyondMs, shed = overloaded } = this.#options
    const queue = this.#anyQueue()
    if (request.hear) this.#here.add(request)
    if (queue.speed === 0 && (shedsBeyondMs !== undefined || this.turnsAwayWith)) {
      this.#unread.push(request)
      return
    }
    if (errors > 0 && queue.speed > 0 && this.#random() < errors) {
      this.#answer(request, failed)
      return
    }
    const serviceMs = this.#options.serviceMs?.() ?? (1_000 * machines * workers) / perSecond
    const { waitMs } = queue
    // With no queue at all allowed, who finds nobody before him is still served.
    const full = shedsBeyondMs !== undefined && waitMs > 0 && waitMs >= shedsBeyondMs
    const refusal = this.turnsAwayWith?.() ?? (full ? shed : undefined)
    if (refusal) {
      // It is told at once; what it costs is missing to those who wait.
      queue.add(serviceMs * shedCost, () => {})
      this.#answer(request, refusal)
      return
    }
    queue.add(serviceMs, () => {
      if (request.hear === undefined) this.wasted++
      this.#answer(request, served)
    })
  }

  #answer(request: PendingRequest, answer: Answer): void {
    this.#here.delete(request)
    if (request.hear === undefined) return
    this.#network.carry(() => {
      const { hear } = request
      request.hear = undefined
      hear?.(answer)
    })
  }

  #anyQueue(): ServiceQueue {
    const { length } = this.#queues
    return this.#queues[length === 1 ? 0 : Math.floor(this.#random() * length)] as ServiceQueue
  }
}

const overloaded: Answer = { status: 503 }

function headersOf({ retryAfterMs }: Answer): Record<string, string> {
  return retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }
}
