import { Chain, type Linked } from './chain.ts'
import { type Alarm, type Clock, setAlarm } from './clock.ts'
import { reportFailure } from './report.ts'

/** Something that ends at a time, unless it is taken out before. */
export interface Due extends Linked<Due> {
  /** On the clock's monotonic time. */
  readonly dueAt: number
  expire(): void
}

/** What is due within this, in ms, is due now: less than a clock can tell. */
const roundingMs = 0.001

/** More durations than this at a time are those of callers who each have their own; empty lists are then let go. */
const fewLists = 32

/**
 * All deadlines of one clock on one timer, however many wait: with each its own, a call that ends well would still pay for
 * setting and clearing it. Those of one duration end in the order in which they began, so that each duration is a list,
 * and adding and leaving take one step. The timer is set for the earliest; if that one leaves, it rings in vain and is set
 * again, once in a duration and not once in a call.
 *
 * None ends early. On the platform's clock those that are due within the same millisecond end together; in virtual time
 * each ends at its moment.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #lists = new Map<number, Chain<Due>>()
  /** So many are looked through for empty ones. */
  #prunedAt = fewLists
  #waiting = 0
  #alarm: Alarm | undefined
  #rings = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether their alarm can ring: fake timers that came or went since have not got it, and time is another one. */
  get stand(): boolean {
    return this.#alarm === undefined || this.#alarm.stands
  }

  /** @param ms how long `due` had when it began; with `Infinity` it never ends, and is not to be added */
  add(due: Due, ms: number): void {
    const list = this.#lists.get(ms) ?? this.#listFor(ms)
    this.#waiting++
    list.add(due)
    if (due.dueAt < this.#rings) this.#set(due.dueAt)
    else if (this.#waiting === 1) this.#wake(due)
  }

  /** @param ms as it was added */
  remove(due: Due, ms: number): void {
    if (!this.#lists.get(ms)?.remove(due) || --this.#waiting > 0 || this.#alarm === undefined) return
    if (!this.#alarm.rest()) this.#unset()
  }

  /** Nobody waited: the alarm lies set, on a timer that fake ones may have replaced since. */
  #wake(due: Due): void {
    if (this.#alarm?.stands) this.#alarm.wake()
    else this.#set(due.dueAt)
  }

  #listFor(ms: number): Chain<Due> {
    if (this.#lists.size >= this.#prunedAt) {
      for (const [key, { size }] of this.#lists) if (size === 0) this.#lists.delete(key)
      this.#prunedAt = Math.max(fewLists, 2 * this.#lists.size)
    }
    const list = new Chain<Due>()
    this.#lists.set(ms, list)
    return list
  }

  #set(at: number): void {
    this.#alarm?.cancel()
    this.#rings = at
    this.#alarm = setAlarm(this.#clock, at - this.#clock.now(), () => this.#ring())
  }

  #unset(): void {
    this.#alarm = undefined
    this.#rings = Infinity
  }

  #ring(): void {
    this.#unset()
    for (const due of this.#dueBy(this.#clock.now() + roundingMs)) {
      // One that has ended may have taken others out.
      if (!(due.chain as Chain<Due> | undefined)?.remove(due)) continue
      this.#waiting--
      try {
        due.expire()
      } catch (error) {
        reportFailure(error)
      }
    }
    let next = Infinity
    for (const { first } of this.#lists.values()) if (first !== undefined) next = Math.min(next, first.dueAt)
    // Whoever was added by one that has ended may have set it already.
    if (next < this.#rings) this.#set(next)
  }

  /** In the order of their ends; of those that are due at the same time, those of the list that was there first. */
  #dueBy(at: number): Due[] {
    const all: Due[] = []
    for (const { first } of this.#lists.values())
      for (let due = first; due !== undefined && due.dueAt <= at; due = due.next) all.push(due)
    return all.sort((one, other) => one.dueAt - other.dueAt)
  }
}

const all = new WeakMap<Clock, Deadlines>()

/** The deadlines of a clock, the same for all who ask; others once those do not `stand` any more. */
export function deadlinesOf(clock: Clock): Deadlines {
  const known = all.get(clock)
  if (known?.stand) return known
  const deadlines = new Deadlines(clock)
  all.set(clock, deadlines)
  return deadlines
}
