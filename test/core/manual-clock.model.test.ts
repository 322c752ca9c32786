import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../src/core/manual-clock.ts'
import { seededRandom } from '../../src/core/random.ts'

type Step =
  | { readonly set: number; readonly sets?: number | undefined; readonly cancels?: number | undefined }
  | { readonly cancel: number }
  | { readonly advance: number }
  | { readonly oversleep: number }

/** What a list that is sorted before each step would do: slow, and easy to believe. */
class NaiveClock {
  now = 0
  readonly fired: string[] = []
  readonly timers: { id: number; dueAt: number; onFire: (id: number) => void }[] = []
  #next = 0

  set(ms: number, onFire: (id: number) => void): void {
    this.timers.push({ id: this.#next++, dueAt: this.now + ms, onFire })
  }

  cancel(id: number): void {
    const index = this.timers.findIndex((timer) => timer.id === id)
    if (index >= 0) this.timers.splice(index, 1)
  }

  move(ms: number, moveFirst: boolean): void {
    const until = this.now + ms
    if (moveFirst) this.now = until
    for (;;) {
      this.timers.sort((a, b) => a.dueAt - b.dueAt || a.id - b.id)
      const timer = this.timers[0]
      if (timer === undefined || timer.dueAt > until) break
      this.timers.shift()
      this.now = Math.max(this.now, timer.dueAt)
      this.fired.push(`${timer.id} at ${this.now} late by ${this.now - timer.dueAt}`)
      timer.onFire(timer.id)
    }
    this.now = until
  }
}

describe('manualClock', () => {
  const few = fc.nat(12)
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        set: few,
        sets: fc.option(few, { nil: undefined }),
        cancels: fc.option(fc.nat(40), { nil: undefined }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ cancel: fc.nat(40) }) },
    { weight: 3, arbitrary: fc.record({ advance: few }) },
    { weight: 1, arbitrary: fc.record({ oversleep: few }) },
  )

  it('does what a naive sorted list does, for any sequence of timers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = manualClock()
        const naive = new NaiveClock()
        const fired: string[] = []
        const cancels: (() => void)[] = []
        const set = (ms: number, onFire: () => void) => {
          const id = cancels.length
          cancels.push(
            clock.setTimer(ms, (lateByMs) => {
              fired.push(`${id} at ${clock.now()} late by ${lateByMs}`)
              onFire()
            }),
          )
        }
        for (const one of steps) {
          if ('set' in one) {
            const { sets, cancels: victim } = one
            set(one.set, () => {
              if (victim !== undefined) cancels[victim]?.()
              if (sets !== undefined) set(sets, () => {})
            })
            naive.set(one.set, () => {
              if (victim !== undefined) naive.cancel(victim)
              if (sets !== undefined) naive.set(sets, () => {})
            })
          } else if ('cancel' in one) {
            cancels[one.cancel]?.()
            naive.cancel(one.cancel)
          } else if ('advance' in one) {
            await clock.advance(one.advance)
            naive.move(one.advance, false)
          } else {
            await clock.oversleep(one.oversleep)
            naive.move(one.oversleep, true)
          }
          expect([clock.now(), clock.pending]).toEqual([naive.now, naive.timers.length])
          expect(fired).toEqual(naive.fired)
        }
      }),
      { numRuns: 300 },
    )
  })
})

it('fires 100,000 timers in order, a third of them cancelled, long before a list that is searched would', async () => {
  const count = 100_000
  const clock = manualClock()
  const random = seededRandom(8)
  const fired: number[] = []
  const cancels = Array.from({ length: count }, () =>
    clock.setTimer(Math.floor(random() * 1_000), () => fired.push(clock.now())),
  )
  for (let index = 0; index < count; index += 3) cancels[index]?.()
  const left = count - Math.ceil(count / 3)
  expect(clock.pending).toBe(left)
  await clock.advance(1_000)
  expect([fired.length, clock.pending]).toEqual([left, 0])
  expect(fired.every((at, index) => index === 0 || at >= (fired[index - 1] as number))).toBe(true)
})
