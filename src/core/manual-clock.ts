import { type Clock, settled, sleepOn } from './clock.ts'

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /**
   * Moves time on by `ms` and runs the timers that fall into it, each at its own moment and with everything that it set
   * off run to its end before the next. 0 lets run what is ready.
   */
  advance(ms: number): Promise<void>
  /** As `advance`, but as after a sleep of the machine: time is there at once, and every timer that was due is late. */
  oversleep(ms: number): Promise<void>
  /** Sets the calendar forward or back by `ms`, as an administrator or NTP would; `now()` does not notice. */
  shiftWall(ms: number): void
  /** Timers that are set. */
  readonly pending: number
}

interface Timer {
  readonly dueAt: number
  readonly order: number
  /** Gone when it has run or was cancelled, with all that it holds. */
  fn: ((lateByMs: number) => void) | undefined
}

/** Below so many cancelled timers nobody looks for them. */
const fewCancelled = 1_000

/** How a clock goes from one moment to the next. */
export interface Pace {
  /** Resolves when everything that was ready to run has run. */
  settle(): Promise<void>
  /** Asked after each thousand timers, in the middle of a moment too; `false` leaves the rest, and time, where they are. */
  goesOn?(): Promise<boolean>
}

/** Timers between two questions whether it goes on. */
const breath = 1_000

/** @param wallStart what `wallNow()` says at the start, epoch ms */
export function manualClock(wallStart = 1_700_000_000_000, pace: Pace = { settle: settled }): ManualClock {
  let now = 0
  let wallOffset = wallStart
  let order = 0
  // A heap: a simulation has hundreds of thousands of timers.
  let heap: Timer[] = []
  let cancelled = 0

  const setTimer: Clock['setTimer'] = (ms, fn) => {
    if (ms === Infinity) return () => {}
    const timer: Timer = { dueAt: now + Math.max(0, ms || 0), order: order++, fn }
    push(heap, timer)
    return () => {
      if (timer.fn === undefined) return
      timer.fn = undefined
      cancelled++
      // A call cancels its deadline long before it is due: what was cancelled must not outnumber what is set.
      if (cancelled > fewCancelled && cancelled * 2 > heap.length) sweep()
    }
  }
  const sweep = () => {
    const left = heap.filter(({ fn }) => fn !== undefined)
    heap = []
    for (const timer of left) push(heap, timer)
    cancelled = 0
  }
  const first = (): Timer | undefined => {
    for (let timer = heap[0]; timer && timer.fn === undefined; timer = heap[0]) {
      pop(heap)
      cancelled--
    }
    return heap[0]
  }
  const next = (until: number): Timer | undefined => {
    const timer = first()
    if (timer === undefined || timer.dueAt > until) return undefined
    pop(heap)
    return timer
  }
  const runUntil = async (until: number, moveFirst: boolean) => {
    await pace.settle()
    if (moveFirst) now = Math.max(now, until)
    let ran = 0
    for (let timer = next(until); timer; timer = next(until)) {
      now = Math.max(now, timer.dueAt)
      const { fn } = timer
      timer.fn = undefined
      fn?.(now - timer.dueAt)
      // Timers of one moment belong together; between moments everything they set off must have run.
      if (first()?.dueAt !== timer.dueAt) await pace.settle()
      if (++ran % breath === 0 && (await pace.goesOn?.()) === false) return
    }
    // Another advance may have gone further meanwhile, and time only grows.
    now = Math.max(now, until)
  }
  return {
    now: () => now,
    wallNow: () => wallOffset + now,
    setTimer,
    sleep: (ms, signal) => sleepOn(setTimer, ms, signal),
    advance: (ms) => runUntil(now + ms, false),
    oversleep: (ms) => runUntil(now + ms, true),
    shiftWall: (ms) => {
      wallOffset += ms
    },
    get pending() {
      return heap.length - cancelled
    },
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order)
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.push(timer) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    const above = heap[parent] as Timer
    if (before(above, timer)) break
    heap[at] = above
    at = parent
  }
  heap[at] = timer
}

function pop(heap: Timer[]): void {
  const last = heap.pop() as Timer
  if (heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++
    const below = heap[child] as Timer
    if (before(last, below)) break
    heap[at] = below
    at = child
  }
  heap[at] = last
}
