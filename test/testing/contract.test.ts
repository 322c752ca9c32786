import { describe, expect, it } from 'vitest'
import { onAbort } from '../../src/core/abort.ts'
import type { Layer } from '../../src/core/layer.ts'
import { layerContract } from '../../src/testing/contract.ts'

type Given = Layer<object, object>

/** The names of the clauses that a layer breaks. */
async function broken(layer: () => Given): Promise<string[]> {
  const names: string[] = []
  for (const { name, run } of layerContract<object, object>({ layer, request: () => ({}), value: () => ({}) })) {
    await run().catch(() => names.push(name))
  }
  return names
}

const clauses = {
  value: 'hands the value up untouched',
  request: 'hands the request down untouched',
  error: 'hands an error up as the very same object',
  abortUp: 'ends at once with the reason of an abort',
  abortDown: 'passes the abort down with its reason',
  winner: 'never aborts a winner: its body is still to be read',
  nothingLeft: 'leaves no timer and no listener behind',
  apart: 'keeps calls apart',
}

/** Runs a call under a signal of its own, linked to the caller's until the call has ended. */
const linked =
  (after: (controller: AbortController) => void = () => {}, reasonOf = (signal: AbortSignal) => signal.reason): Given =>
  (next) =>
  async (request, context) => {
    const controller = new AbortController()
    const leave = onAbort(context.signal, () => controller.abort(reasonOf(context.signal)))
    try {
      const value = await next(request, { ...context, signal: controller.signal })
      after(controller)
      return value
    } finally {
      leave()
    }
  }

describe('a layer that keeps the contract', () => {
  const kept: [string, () => Given][] = [
    ['by doing nothing', () => (next) => next],
    ['under a signal of its own', () => linked()],
    [
      'with a timer for each call, cleared at its end',
      () =>
        (next, { clock }) =>
        async (request, context) => {
          const cancel = clock.setTimer(60_000, () => {})
          return next(request, context).finally(cancel)
        },
    ],
    [
      'racing the call against the abort',
      () => (next) => (request, context) =>
        new Promise((resolve, reject) => {
          const leave = onAbort(context.signal, () => reject(context.signal.reason))
          next(request, context).finally(leave).then(resolve, reject)
        }),
    ],
  ]

  it.each(kept)('%s, breaks no clause', async (_how, layer) => {
    expect(await broken(layer)).toEqual([])
  })

  it('has a clause for each of these, and none twice', () => {
    const all = layerContract<object, object>({ layer: () => (next) => next, request: () => ({}), value: () => ({}) })
    expect(all.map(({ name }) => name)).toEqual(Object.values(clauses))
  })
})

describe('a layer breaks exactly the clause about', () => {
  const cases: [about: keyof typeof clauses, how: string, layer: () => Given][] = [
    ['value', 'copying the value', () => (next) => async (request, context) => ({ ...(await next(request, context)) })],
    ['value', 'swallowing the value', () => (next) => (request, context) => next(request, context).then(() => ({}))],
    ['request', 'copying the request', () => (next) => (request, context) => next({ ...request }, context)],
    [
      'error',
      'wrapping an error',
      () => (next) => (request, context) =>
        next(request, context).catch((error) => {
          throw error instanceof Error ? new Error('failed', { cause: error }) : error
        }),
    ],
    [
      'error',
      'throwing another error that looks the same',
      () => (next) => (request, context) =>
        next(request, context).catch((error) => {
          throw error instanceof Error ? new Error(error.message) : error
        }),
    ],
    [
      'error',
      'giving a value for an error',
      () => (next) => (request, context) =>
        next(request, context).catch((error) => {
          if (context.signal.aborted) throw error
          return {}
        }),
    ],
    [
      'error',
      'trying to write on the error',
      () => (next) => (request, context) =>
        next(request, context).catch((error) => {
          if (error instanceof Error) error.message = 'failed'
          throw error
        }),
    ],
    [
      'abortUp',
      'giving a reason of its own',
      () => (next) => (request, context) =>
        next(request, context).catch((error) => {
          throw context.signal.aborted ? new DOMException('aborted', 'AbortError') : error
        }),
    ],
    [
      'abortUp',
      'waiting on after the abort',
      () =>
        (next, { clock }) =>
        (request, context) =>
          next(request, context).catch(async (error) => {
            if (context.signal.aborted) await clock.sleep(1_000)
            throw error
          }),
    ],
    [
      'abortDown',
      'ending itself but not what is below',
      () => (next) => (request, context) =>
        new Promise((resolve, reject) => {
          const leave = onAbort(context.signal, () => reject(context.signal.reason))
          const signal = new AbortController().signal
          next(request, { ...context, signal })
            .finally(leave)
            .then(resolve, reject)
        }),
    ],
    [
      'abortDown',
      'aborting what is below for no reason',
      () => (next, runtime) => (request, context) => {
        const call = linked(undefined, () => undefined)(next, runtime)
        return call(request, context).catch((error) => {
          throw context.signal.aborted ? context.signal.reason : error
        })
      },
    ],
    ['winner', 'aborting what has won', () => linked((controller) => controller.abort())],
    [
      'winner',
      'aborting what has won a moment later',
      () => linked((controller) => queueMicrotask(() => controller.abort())),
    ],
    [
      'nothingLeft',
      'leaving a timer',
      () =>
        (next, { clock }) =>
        (request, context) => {
          clock.setTimer(60_000, () => {})
          return next(request, context)
        },
    ],
    [
      'nothingLeft',
      'leaving a timer after a failure only',
      () =>
        (next, { clock }) =>
        (request, context) => {
          const cancel = clock.setTimer(60_000, () => {})
          return next(request, context).then((value) => {
            cancel()
            return value
          })
        },
    ],
    [
      'nothingLeft',
      'leaving a listener',
      () => (next) => (request, context) => {
        context.signal.addEventListener('abort', () => {})
        return next(request, context)
      },
    ],
    [
      'nothingLeft',
      'leaving the hub',
      () => (next) => (request, context) => {
        onAbort(context.signal, () => {})
        return next(request, context)
      },
    ],
    [
      'apart',
      'remembering a value',
      () => (next) => {
        let first: Promise<object> | undefined
        return (request, context) => {
          first ??= next(request, context)
          return first
        }
      },
    ],
    [
      'apart',
      'mixing up who gets what',
      () => (next) => {
        const waiting: ((value: object) => void)[] = []
        return async (request, context) => {
          const mine = new Promise<object>((resolve) => waiting.push(resolve))
          const value = await next(request, context).finally(() => Promise.resolve())
          waiting.pop()?.(value)
          return mine
        }
      },
    ],
  ]

  it.each(cases)('%s: by %s', async (about, _how, layer) => {
    expect(await broken(layer)).toEqual([clauses[about]])
  })

  it('every clause is broken by one of these', () => {
    expect(new Set(cases.map(([about]) => about))).toEqual(new Set(Object.keys(clauses)))
  })
})

it('says in words what is wrong', async () => {
  const [first] = layerContract<number, number>({
    layer: () => (next) => async (request, context) => (await next(request, context)) + 1,
    request: () => 1,
    value: () => 2,
  })
  await expect(first?.run()).rejects.toThrow('the value that came up is not the one that was given')
})
