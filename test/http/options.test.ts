import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type BreakwaterFetch,
  type CallOptions,
  type ClientOptions,
  createClient,
  createFetch,
  OptionsError,
} from '../../src/index.ts'
import { manualClock } from '../../src/testing/index.ts'
import { answering } from '../support/answering.ts'

const url = 'http://options.test/'

function thrown(run: () => unknown): OptionsError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError)
    return error as OptionsError
  }
  throw new Error('nothing was thrown')
}

const milliseconds = 'milliseconds of at least 0, or Infinity'
const few = 'a number of at least 0, or Infinity'
const count = (least: number) => `a whole number of at least ${least}, or Infinity`
const share = 'a share above 0 and at most 1'
const statuses = 'an array of statuses from 400 to 599'

/** An option by its path, what it got, how that is shown, and what it wants. */
const bad: [option: string, value: unknown, got: string, wants: string][] = [
  ['options.baseUrl', '/relative', 'a string', 'an absolute http or https URL'],
  ['options.baseUrl', 'ftp://a.test/', 'a string', 'an absolute http or https URL'],
  ['options.baseUrl', 7, '7', 'an absolute http or https URL'],
  ['options.deadlineMs', -1, '-1', milliseconds],
  ['options.deadlineMs', Number.NaN, 'NaN', milliseconds],
  ['options.deadlineMs', '10', 'a string', milliseconds],
  ['options.attemptMs', null, 'null', milliseconds],
  ['options.replayBytes', -1, '-1', 'a number from 0 to 9007199254740991'],
  ['options.replayBytes', Infinity, 'Infinity', 'a number from 0 to 9007199254740991'],
  ['options.retry', true, 'true', 'an object of options, or false'],
  ['options.retry', [], 'an array of 0', 'an object of options, or false'],
  ['options.budget', false, 'false', 'an object of options'],
  ['options.breaker', 5, '5', 'an object of options, or false'],
  ['options.pushback', 'off', 'a string', 'an object of options, or false'],
  ['options.limit', null, 'null', 'an object of options, or false'],
  ['options.layers', [1], 'an array of 1', 'an array of functions'],
  ['options.layers', () => {}, 'a function', 'an array of functions'],
  ['options.upstreamOf', 'host', 'a string', 'a function'],
  ['options.fallback', {}, 'an object', 'a function'],
  ['options.fetch', {}, 'an object', 'a function'],
  ['options.ky', 'x', 'a string', 'an object'],
  ['options.runtime', 1, '1', 'an object'],
  ['options.onEvent', true, 'true', 'a function'],
  ['runtime.clock', { now: () => 0 }, 'an object', 'a clock (now, wallNow, sleep, setTimer)'],
  ['runtime.random', 0.5, '0.5', 'a function'],
  ['runtime.emit', [], 'an array of 0', 'a function'],
  ['retry.attempts', 0, '0', count(1)],
  ['retry.attempts', 2.5, '2.5', count(1)],
  ['retry.baseMs', -1, '-1', milliseconds],
  ['retry.throttleBaseMs', '1s', 'a string', milliseconds],
  ['retry.capMs', Number.NaN, 'NaN', milliseconds],
  ['retry.jitter', 'some', "'some'", "one of 'full', 'equal', 'decorrelated', 'none'"],
  ['retry.methods', 'GET', 'a string', 'an array of upper-case method names'],
  ['retry.methods', ['get'], 'an array of 1', 'an array of upper-case method names'],
  ['retry.statuses', [200], 'an array of 1', statuses],
  ['retry.statuses', ['503'], 'an array of 1', statuses],
  ['retry.shouldRetry', true, 'true', 'a function'],
  ['budget.capacity', -1, '-1', few],
  ['budget.initial', '3', 'a string', few],
  ['budget.perSuccess', Infinity, 'Infinity', 'a finite number of at least 0'],
  ['budget.cost', -1, '-1', 'a finite number of at least 0'],
  ['budget.timeoutCost', Number.NaN, 'NaN', 'a finite number of at least 0'],
  ['breaker.failureRate', 0, '0', share],
  ['breaker.slowRate', 1.1, '1.1', share],
  ['breaker.slowMs', -1, '-1', milliseconds],
  ['breaker.windowMs', 0, '0', 'a finite number of at least 1'],
  ['breaker.minCalls', 0, '0', count(1)],
  ['breaker.consecutive', 0.5, '0.5', count(1)],
  ['breaker.openMs', 0, '0', 'a finite number of at least 1'],
  ['breaker.maxOpenMs', Infinity, 'Infinity', 'a finite number of at least 1'],
  ['breaker.probes', 0, '0', count(1)],
  ['breaker.halfOpenMs', '1', 'a string', 'a finite number of at least 1'],
  ['breaker.isFailure', 500, '500', 'a function'],
  ['pushback.maxMs', Infinity, 'Infinity', 'a finite number of at least 0'],
  ['pushback.jitter', -0.1, '-0.1', 'a finite number of at least 0'],
  ['pushback.statuses', [302], 'an array of 1', statuses],
  ['pushback.headers', ['Retry-After'], 'an array of 1', 'an array of lower-case header names'],
  ['limit.adaptive', 'yes', "'yes'", 'one of true, false'],
  ['limit.initial', 0, '0', 'a number from 1 to 9007199254740991'],
  ['limit.min', Infinity, 'Infinity', 'a number from 1 to 9007199254740991'],
  ['limit.max', 0, '0', count(1)],
  ['limit.queue', -1, '-1', count(0)],
]

/** `retry.baseMs` as a client's options, `options.retry` as one of them. */
function given(option: string, value: unknown): ClientOptions {
  const [group = '', name = ''] = option.split('.')
  return group === 'options' ? { [name]: value } : { [group]: { [name]: value } }
}

const callable = new Set(['options.deadlineMs', 'options.attemptMs', 'options.retry'])

describe('a bad option', () => {
  it.each(bad)('%s: %j', (option, value, got, wants) => {
    const { message, ...error } = thrown(() => createClient(given(option, value)))
    expect(error).toMatchObject({ code: 'options', option })
    expect(message).toBe(`${option} wants ${wants}, got ${got}`)
    expect(thrown(() => createFetch(given(option, value))).option).toBe(option)
  })

  it.each(bad.filter(([option]) => callable.has(option) || option.startsWith('retry.')))(
    'of a single call, %s: %j',
    async (option, value, got, wants) => {
      const { fetch, http } = createClient({ fetch: answering(200) })
      const breakwater = given(option, value) as CallOptions
      for (const call of [fetch(url, { breakwater }), http.get(url, { breakwater })]) {
        const error = await call.catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(OptionsError)
        expect(error).toMatchObject({ option: option.replace('options.', 'breakwater.') })
        expect((error as Error).message).toContain(`wants ${wants}, got ${got}`)
      }
    },
  )

  it.each([
    ['breakwater.priority', { priority: 'urgent' }],
    ['breakwater.idempotent', { idempotent: 'yes' }],
    ['breakwater', null],
    ['breakwater', 5],
    ['breakwater.retries', { retries: 3 }],
    ['retry.times', { retry: { times: 3 } }],
  ])('of a single call: %s', async (option, breakwater) => {
    const call = createFetch({ fetch: answering(200) })(url, { breakwater: breakwater as CallOptions })
    await expect(call).rejects.toMatchObject({ name: 'OptionsError', option })
  })

  it.each([
    ['options.retries', { retries: 3 }],
    ['retry.times', { retry: { times: 3 } }],
    ['breaker.threshold', { breaker: { threshold: 1 } }],
    ['runtime.clok', { runtime: { clok: {} } }],
    ['options', null],
    ['options', 'x'],
    ['limit.min', { limit: { min: 9, max: 8 } }],
  ])('that does not exist, or does not fit: %s', (option, options) => {
    const error = thrown(() => createClient(options as ClientOptions))
    expect(error.option).toBe(option)
    expect(error.message).toContain(option.split('.').at(-1))
  })

  it('is one that is given: undefined means the default, everywhere', async () => {
    const names = [...new Set(bad.map(([option]) => option))]
    for (const option of names) createClient(given(option, undefined))
    const { fetch, http } = createClient({ fetch: answering(200) })
    const breakwater: CallOptions = {
      deadlineMs: undefined,
      attemptMs: undefined,
      priority: undefined,
      retry: undefined,
    }
    expect((await fetch(url, { breakwater })).ok && (await http.get(url, { breakwater })).ok).toBe(true)
  })
})

describe('what hangs in the prototype of all objects', () => {
  it('is no option', async () => {
    const pollution = {
      deadlineMs: 0,
      attemptMs: 0,
      retry: { attempts: 9 },
      breakwater: { deadlineMs: -1 },
      statuses: [],
      drainMs: -1,
      clock: {},
      random: 1,
      emit: 1,
      baseUrl: 'http://evil.test',
      shouldRetry: () => true,
      priority: 'x',
      fallback: () => new Response('evil'),
    }
    const clock = manualClock()
    const hint = async () => new Response(null, { status: 429, headers: { 'retry-after': '9' } })
    const run = async () => {
      const client = createClient({ fetch: hint, pushback: {}, runtime: { clock } })
      const answer = client.fetch(url, {}).catch((reason: unknown) => reason)
      await clock.advance(100)
      const { shutForMs = 0 } = client.health().upstreams['options.test:80']?.gate ?? {}
      const closing = client.close({})
      await clock.advance(5_000)
      await closing
      return [shutForMs, await answer]
    }
    for (const [name, value] of Object.entries(pollution)) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    }
    const ended = await run().finally(() => {
      for (const name of Object.keys(pollution)) Reflect.deleteProperty(Object.prototype, name)
    })
    expect(ended).toMatchObject([8_900, { code: 'closed' }])
    expect(clock.now()).toBe(5_100)
  })

  it('and a __proto__ among the options is an unknown name', () => {
    const options = JSON.parse('{"__proto__": {"deadlineMs": 1}}') as ClientOptions
    expect(thrown(() => createClient(options)).option).toBe('options.__proto__')
  })
})

it('the types say the same', () => {
  expectTypeOf<Parameters<BreakwaterFetch>[1]>().toExtend<RequestInit | undefined>()
  expectTypeOf(createFetch()).toExtend<typeof fetch>()
  expectTypeOf<NonNullable<CallOptions['priority']>>().toEqualTypeOf<
    'critical' | 'high' | 'normal' | 'low' | 'background'
  >()
  expectTypeOf<{ deadlineMs: string }>().not.toExtend<CallOptions>()
})
