import { settled } from '../core/clock.ts'
import type { Call, Context, Layer } from '../core/layer.ts'
import { stack } from '../core/layer.ts'
import { manualClock } from '../core/manual-clock.ts'
import { seededRandom } from '../core/random.ts'

/** One thing that every layer must do. `run` rejects, saying what went wrong. */
export interface Clause {
  readonly name: string
  readonly run: () => Promise<void>
}

/** A layer for one clause, and a request and a value that mean a success to it: other ones each time, as objects are. */
export interface ContractSubject<Req, Res> {
  layer: () => Layer<Req, Res>
  request: () => Req
  value: () => Res
}

/**
 * What every layer must do, whatever else it does: be invisible to a success and to a failure, pass an abort on with its
 * reason, leave a winner alone, and leave nothing behind. Give each clause to your test runner:
 *
 * @example
 * for (const { name, run } of layerContract({ layer: () => mine(), request: () => 1, value: () => 2 })) it(name, run)
 */
export function layerContract<Req, Res>(subject: ContractSubject<Req, Res>): Clause[] {
  const clause = (name: string, run: (scene: Scene<Req, Res>) => Promise<void>): Clause => ({
    name,
    run: () => run(setScene(subject)),
  })
  return [
    clause('hands the value up untouched', async ({ play, request, value }) => {
      const call = play(async () => value)
      if ((await call(request)) !== value) throw new Error('the value that came up is not the one that was given')
    }),
    clause('hands the request down untouched', async ({ play, request, value }) => {
      let seen: unknown
      const call = play(async (given) => {
        seen = given
        return value
      })
      await call(request)
      if (seen !== request) throw new Error('the request that went down is not the one that was given')
    }),
    clause('hands an error up as the very same object', async ({ play, request }) => {
      const error = Object.freeze(new Error('given'))
      const got = await play(() => Promise.reject(error), { patient: false })(request).catch((reason) => reason)
      if (got !== error) throw new Error(`the error that came up is another one: ${String(got)}`)
    }),
    clause('ends at once with the reason of an abort', async ({ play, request, abort }) => {
      const reason = { why: 'the caller left' }
      const call = play((_request, { signal }) => until(signal))
      const result = call(request).catch((error) => error)
      await Promise.resolve()
      abort(reason)
      if ((await byNow(result)) !== reason) throw new Error('the abort did not come up at once with its reason')
    }),
    clause('passes the abort down with its reason', async ({ play, request, abort }) => {
      const reason = new Error('the caller left')
      let below: AbortSignal | undefined
      const call = play((_request, { signal }) => {
        below = signal
        return until(signal)
      })
      const result = call(request).catch(() => undefined)
      await settled()
      abort(reason)
      await byNow(result)
      if (below?.reason !== reason) throw new Error('the signal below was not aborted with the reason')
    }),
    clause('never aborts a winner: its body is still to be read', async ({ play, request, value, clock }) => {
      let below: AbortSignal | undefined
      const call = play(async (_request, { signal }) => {
        below = signal
        return value
      })
      await call(request)
      await clock.advance(10 * 60_000)
      if (below?.aborted) throw new Error('the signal of a call that succeeded was aborted afterwards')
    }),
    clause('leaves no timer and no listener behind', async ({ play, request, value, clock, listeners }) => {
      await play(async () => value)(request)
      await play(() => Promise.reject(new Error('given')), { patient: false })(request).catch(() => undefined)
      if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`)
      if (listeners() > 0) throw new Error(`${listeners()} listeners are left on the caller's signal`)
    }),
    clause('keeps calls apart', async ({ play, subject: { request, value } }) => {
      const values = [value(), value(), value()]
      const queue = [...values]
      const call = play(async () => queue.shift() as Res)
      const got = await Promise.all(values.map(() => call(request())))
      if (got.some((one, index) => one !== values[index] && values.includes(one))) {
        throw new Error('a call got the value of another')
      }
    }),
  ]
}

interface Scene<Req, Res> {
  subject: ContractSubject<Req, Res>
  request: Req
  value: Res
  clock: ReturnType<typeof manualClock>
  /** Puts the layer around a call; the caller's patience is a minute, or just enough for one attempt. */
  play: (call: Call<Req, Res>, options?: { patient: boolean }) => (request: Req) => Promise<Res>
  abort: (reason: unknown) => void
  listeners: () => number
}

function setScene<Req, Res>(subject: ContractSubject<Req, Res>): Scene<Req, Res> {
  const clock = manualClock()
  const controller = new AbortController()
  const listeners = countListeners(controller.signal)
  return {
    subject,
    request: subject.request(),
    value: subject.value(),
    clock,
    listeners,
    abort: (reason) => controller.abort(reason),
    play: (call, { patient } = { patient: true }) => {
      const run = stack([subject.layer()], call, { clock, random: seededRandom(1) })
      // A caller without patience: whatever a layer would wait for, it must give up now with what it has.
      const deadlineAt = patient ? clock.now() + 60_000 : clock.now()
      const context: Context = { signal: controller.signal, attempt: 1, deadlineAt, priority: 'normal' }
      return (request) => run(request, context)
    },
  }
}

function countListeners(signal: AbortSignal): () => number {
  const live = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    live.add(args[1])
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    live.delete(args[1])
    remove(...args)
  }
  return () => live.size
}

function until(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** What it has come to without time passing: a layer that waits on must fail its clause, not hang the test. */
function byNow(result: Promise<unknown>): Promise<unknown> {
  return Promise.race([result, settled()])
}
