import type { World } from '../world.ts'

/** A piece of work, until it is done. */
export interface Job {
  /** What is left of it, in ms at full speed. */
  leftMs: number
  /** Called when it has been done; may be changed for somebody who has left. */
  done: () => void
  /** When its worker goes on with it, and how to stop that. */
  startedAt: number
  stop: (() => void) | undefined
}

/**
 * Work that is done first come, first served, by so many workers. It is done whether or not somebody still wants it: a
 * server does not notice that a client has left before it writes the answer.
 */
export class ServiceQueue {
  readonly #world: World
  readonly #workers: number
  readonly #waiting: Job[] = []
  /** Where the queue begins in the array: taking from its end is cheap, shifting it is not. */
  #head = 0
  readonly #running = new Set<Job>()
  #waitingMs = 0
  #speed = 1

  constructor(world: World, workers = 1) {
    this.#world = world
    this.#workers = workers
  }

  /** What waits. */
  get length(): number {
    return this.#waiting.length - this.#head
  }

  /** What is worked on. */
  get running(): number {
    return this.#running.size
  }

  /** How long something that comes now waits before a worker takes it, in ms; with one worker it is exact. */
  get waitMs(): number {
    let busyMs = this.#waitingMs
    for (const job of this.#running) busyMs += job.leftMs - this.#workedMs(job)
    return this.#running.size < this.#workers ? 0 : busyMs / this.#workers / this.#speed
  }

  /** How fast the work goes: 1 as planned, 0.5 at half capacity, 0 frozen, `Infinity` in no time. */
  get speed(): number {
    return this.#speed
  }

  set speed(speed: number) {
    for (const job of this.#running) {
      job.leftMs -= this.#workedMs(job)
      job.stop?.()
    }
    this.#speed = speed
    for (const job of this.#running) this.#work(job)
  }

  /** Work of so many ms comes; `done` is called when it has been done. Gives the work, unless it is done already. */
  add(ms: number, done: () => void): Job | undefined {
    if (this.#speed === Infinity) {
      done()
      return undefined
    }
    const job: Job = { leftMs: ms, done, startedAt: 0, stop: undefined }
    if (this.#running.size < this.#workers) this.#start(job)
    else {
      this.#waiting.push(job)
      this.#waitingMs += ms
    }
    return job
  }

  /** What waits and what is worked on is forgotten: the process is gone. */
  clear(): void {
    for (const job of this.#running) job.stop?.()
    this.#running.clear()
    this.#waiting.length = 0
    this.#head = 0
    this.#waitingMs = 0
  }

  #workedMs(job: Job): number {
    if (this.#speed === 0) return 0
    return this.#speed === Infinity ? job.leftMs : (this.#world.clock.now() - job.startedAt) * this.#speed
  }

  #start(job: Job): void {
    this.#running.add(job)
    this.#work(job)
  }

  #work(job: Job): void {
    job.startedAt = this.#world.clock.now()
    job.stop = this.#world.later(this.#speed === Infinity ? 0 : job.leftMs / this.#speed, () => {
      this.#running.delete(job)
      const next = this.#take()
      if (next) this.#start(next)
      job.done()
    })
  }

  #take(): Job | undefined {
    const job = this.#waiting[this.#head]
    if (job === undefined) return undefined
    this.#head++
    this.#waitingMs = Math.max(0, this.#waitingMs - job.leftMs)
    if (this.#head > 1_024 && this.#head > this.#waiting.length / 2) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
    return job
  }
}
