import { onAbort } from './abort.ts'

/** Time, as a stack sees it. */
export interface Clock {
  /** Milliseconds that only grow, for measuring and waiting. */
  now(): number
  /** Milliseconds since 1970 by the machine's calendar, which people and servers set; for dates only. */
  wallNow(): number
  /** Waits. An abort ends it at once with the signal's reason. `Infinity` waits for the abort. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Calls `fn` once, after `ms`, with how many milliseconds too late it comes: a laptop that slept, a throttled tab or a
   * blocked event loop shows there. `Infinity` never fires. The function returned cancels it.
   *
   * @param keepsAlive whether a process waits for it: only where a caller does. `false` if absent
   */
  setTimer(ms: number, fn: (lateByMs: number) => void, keepsAlive?: boolean): () => void
}

/** The longest wait a platform timer takes; `setTimeout(2 ** 31)` fires after 1 ms. */
const longestTimerMs = 2 ** 31 - 1

/** Milliseconds by which a platform timer may fire early, from rounding. */
const roundingMs = 1

/**
 * The platform's clock. Globals are looked up at each call, so fake timers that are installed later drive it too.
 *
 * In Node a `setTimer` does not keep the process alive unless it says so, because it renews something; a `sleep` does, because
 * a caller is waiting for what comes after it.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  sleep: (ms, signal) => sleepOn((wait, fn) => startTimer(wait, fn, true), ms, signal),
  setTimer: (ms, fn, keepsAlive = false) => startTimer(ms, fn, keepsAlive),
}

/** Builds a clock's `sleep` from its `setTimer`. */
export function sleepOn(setTimer: Clock['setTimer'], ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    let leave: (() => void) | undefined
    const cancel = setTimer(ms, () => {
      leave?.()
      resolve()
    })
    if (signal) {
      leave = onAbort(signal, () => {
        cancel()
        reject(signal.reason)
      })
    }
  })
}

function startTimer(ms: number, fn: (lateByMs: number) => void, keepsAlive: boolean): () => void {
  if (ms === Infinity) return () => {}
  const dueAt = performance.now() + Math.max(0, ms || 0)
  let timer: ReturnType<typeof setTimeout>
  let isLast = false
  // One function for all it does: a timer that each of many sockets has must be small.
  const run = () => {
    const left = dueAt - performance.now()
    if (isLast && left <= roundingMs) {
      fn(Math.max(0, -left))
      return
    }
    isLast = left <= longestTimerMs
    timer = setTimeout(run, Math.min(Math.max(0, left), longestTimerMs))
    if (!keepsAlive) (timer as { unref?(): void }).unref?.()
  }
  run()
  return () => clearTimeout(timer)
}

/** One timer that is set again and again, and may lie set while nobody needs it. */
export interface Alarm {
  /** Whether it can still ring: fake timers that came since have not got it. */
  readonly stands: boolean
  /** It stays set, where that is cheaper than to set it anew, but keeps no process alive. Tells whether it is still set. */
  rest(): boolean
  /** Keeps the process alive again. */
  wake(): void
  cancel(): void
}

/** Sets an alarm on a clock. A process waits for it until it is cancelled or rests. */
export function setAlarm(clock: Clock, ms: number, ring: () => void): Alarm {
  if (clock === systemClock && ms <= longestTimerMs) return new PlatformAlarm(ms, ring)
  const cancel = clock.setTimer(ms, ring, true)
  const rest = () => {
    cancel()
    return false
  }
  return { stands: true, rest, wake: () => {}, cancel }
}

/**
 * Setting and clearing a timer for each call costs up to 700 ns, `unref` and `ref` for each 500 (Node 24). So it lies where
 * it is, and what it says to the process it says once in a turn of the event loop, however many calls came and went.
 */
class PlatformAlarm implements Alarm {
  readonly #platform = setTimeout
  readonly #timer: { ref?(): void; unref?(): void }
  #rests = false
  #isUnref = false
  #asked = false

  constructor(ms: number, ring: () => void) {
    this.#timer = setTimeout(ring, Math.max(0, ms)) as never
  }

  get stands(): boolean {
    return setTimeout === this.#platform
  }

  rest(): boolean {
    this.#rests = true
    if (this.#asked || this.#timer.unref === undefined) return true
    this.#asked = true
    const unref = () => {
      this.#asked = false
      this.#isUnref = this.#rests
      if (this.#rests) this.#timer.unref?.()
    }
    // Fake timers that came since may never have a turn.
    if (this.stands) afterAll(unref)
    else unref()
    return true
  }

  wake(): void {
    this.#rests = false
    if (this.#isUnref) this.#timer.ref?.()
    this.#isUnref = false
  }

  cancel(): void {
    clearTimeout(this.#timer as never)
  }
}

/**
 * Resolves when everything that was ready to run has run, promise reactions of any depth included: a clock that is moved
 * by hand must let them finish before the next timer.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => afterAll(resolve))
}

/** How many turns are asked for at once. */
const batch = 32

let turns = 0
let mine: (() => void) | undefined

/**
 * As `settled`, for one who asks again and again and nobody beside him: turns are asked of the platform many at once. A
 * fleet in virtual time takes millions, and half of its time went into one round of the event loop for each.
 */
export function settledInTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (mine !== undefined) return afterAll(resolve)
    mine = resolve
    if (turns > 0) return
    turns = batch
    for (let turn = 0; turn < batch; turn++) afterAll(takeTurn)
  })
}

function takeTurn(): void {
  turns--
  const resolve = mine
  mine = undefined
  resolve?.()
}

/** What runs `fn` after all promise reactions. Browsers make a timer within a timer wait for 4 ms, and a message for none. */
function afterAll(fn: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (fn: () => void) => void }
  if (setImmediate) setImmediate(fn)
  else if (typeof MessageChannel === 'function') afterMessage(fn)
  else setTimeout(fn, 0)
}

let channel: MessageChannel | undefined
const awaiting: (() => void)[] = []

function afterMessage(fn: () => void): void {
  if (channel === undefined) {
    channel = new MessageChannel()
    channel.port1.onmessage = () => awaiting.shift()?.()
  }
  awaiting.push(fn)
  channel.port2.postMessage(undefined)
}
