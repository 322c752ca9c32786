import { circuitBreaker, ExponentialBackoff, handleAll, retry, SamplingBreaker } from 'cockatiel'
import ky from 'ky'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Network } from '../../../src/simulate/network.ts'
import { type HttpFormula, httpFormulas } from '../../../src/simulate/rivals/http-formulas.ts'
import { RivalClient } from '../../../src/simulate/rivals/rival-client.ts'
import { samplingBreaker } from '../../../src/simulate/rivals/sampling-breaker.ts'
import { type Answer, RequestServer } from '../../../src/simulate/servers/request-server.ts'
import { World } from '../../../src/simulate/world.ts'

function formulaNamed(name: string): HttpFormula {
  const formula = httpFormulas.find((one) => one.name === name)
  if (formula === undefined) throw new Error(`no formula ${name}`)
  return formula
}

/** One call to a server that answers everything with the same at once, or never: when it asked, and what came of it. */
async function callTo(name: string, answer: Answer | 'never', { attemptMs = 60_000, forMs = 600_000 } = {}) {
  const world = new World({ seed: 4 })
  const server = new RequestServer(world, new Network(world, { latencyMs: 0, loss: 0 }, -1), { perSecond: 1_000 }, -2)
  const at: number[] = []
  let asked = 0
  server.onRequest = () => at.push(Math.round(world.clock.now()))
  if (answer === 'never') server.speed = 0
  else if (answer.status === 0) server.crash()
  else server.turnsAwayWith = () => answer
  const client = new RivalClient({
    world,
    random: world.random(0),
    server,
    formula: formulaNamed(name),
    attemptMs,
    mayAsk: () => asked++ < 50,
  })
  let ok: boolean | undefined
  client.call((ended) => {
    ok = ended
  })
  await world.clock.advance(forMs)
  return { at, ok }
}

describe('the formulas of others', () => {
  it.each<[string, Answer, number[]]>([
    ['none', { status: 503 }, [0]],
    ['ky', { status: 500 }, [0, 300, 900]],
    ['ky', { status: 0 }, [0, 300, 900]],
    ['ky', { status: 429, retryAfterMs: 4_500 }, [0, 5_000, 10_000]],
    ['ky', { status: 404 }, [0]],
    ['axios-retry', { status: 500 }, [0, 0, 0, 0]],
    ['axios-retry', { status: 429, retryAfterMs: 5_000 }, [0, 5_000, 10_000, 15_000]],
    ['undici', { status: 502 }, [0, 500, 1_500, 3_500, 7_500, 15_500]],
    ['undici', { status: 503, retryAfterMs: 60_000 }, [0, 30_000, 60_000, 90_000, 120_000, 150_000]],
    [
      'p-retry',
      { status: 503, retryAfterMs: 60_000 },
      [0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 127_000, 255_000, 511_000],
    ],
  ])('%s comes back exactly when it says', async (name, answer, expected) => {
    const { at, ok } = await callTo(name, answer)
    expect(at).toEqual(expected)
    if (name !== 'p-retry') expect(ok).toBe(false)
  })

  it.each<[string, Answer, [least: number, most: number][]]>([
    [
      'got',
      { status: 500 },
      [
        [1_000, 1_100],
        [2_000, 2_100],
      ],
    ],
    [
      'axios-retry-exponential',
      { status: 500 },
      [
        [200, 240],
        [400, 480],
        [800, 960],
      ],
    ],
    [
      'axios-retry-exponential',
      { status: 503, retryAfterMs: 5_000 },
      [
        [5_000, 6_000],
        [5_000, 6_000],
        [5_000, 6_000],
      ],
    ],
    [
      'aws',
      { status: 500 },
      [
        [0, 50],
        [0, 100],
      ],
    ],
    [
      'aws',
      { status: 429 },
      [
        [0, 1_000],
        [0, 2_000],
      ],
    ],
    [
      'aws',
      { status: 503, retryAfterMs: 20_000 },
      [
        [5_000, 5_050],
        [5_000, 5_100],
      ],
    ],
    [
      'grpc',
      { status: 503 },
      [
        [80, 120],
        [160, 240],
        [320, 480],
      ],
    ],
  ])('%s draws its waits from where it says', async (name, answer, ranges) => {
    const { at } = await callTo(name, answer)
    expect(at).toHaveLength(ranges.length + 1)
    ranges.forEach(([least, most], index) => {
      const waitMs = (at[index + 1] ?? 0) - (at[index] ?? 0)
      expect(waitMs).toBeGreaterThanOrEqual(least - 1)
      expect(waitMs).toBeLessThanOrEqual(most + 1)
    })
  })

  it.each([
    ['none', 1],
    ['ky', 1],
    ['axios-retry', 1],
    ['undici', 1],
    ['ky-timeout', 3],
    ['got', 3],
    ['aws', 3],
    ['cockatiel', 4],
    ['grpc', 4],
    ['p-retry', 11],
  ])('%s makes %i attempts of a second where no answer comes', async (name, attempts) => {
    const { at, ok } = await callTo(name, 'never', { attemptMs: 1_000, forMs: 3_600_000 })
    expect([at.length, ok]).toEqual([attempts, false])
  })

  it('gives up where a hint is beyond what it has: got by its timeout, axios-retry by the one for all attempts', async () => {
    for (const name of ['got', 'axios-retry']) {
      const { at, ok } = await callTo(name, { status: 503, retryAfterMs: 5_000 }, { attemptMs: 4_000 })
      expect([at, ok], name).toEqual([[0], false])
    }
  })

  it('never ends with cockatiel left to its defaults, until it is cut off', async () => {
    expect((await callTo('cockatiel-default', { status: 500 })).at).toHaveLength(50)
  })
})

describe('what pays for the retries of others', () => {
  it('AWS: 500 tokens, 14 for each, and what a retry cost comes back when it succeeds', () => {
    const quota = formulaNamed('aws').quota?.()
    const paid = Array.from({ length: 40 }, () => quota?.spend(500)).filter((cost) => cost === 14)
    expect(paid).toHaveLength(35)
    quota?.succeeded(14)
    expect([quota?.spend(500), quota?.spend(500)]).toEqual([14, undefined])
    // 10 were left, enough for throttling.
    expect([quota?.spend(429), quota?.spend(429), quota?.spend(429)]).toEqual([5, 5, undefined])
    for (let call = 0; call < 5; call++) quota?.succeeded(undefined)
    expect(quota?.spend(429)).toBe(5)
  })

  it('gRPC: five failures stop it, a success is a tenth', () => {
    const quota = formulaNamed('grpc-throttled').quota?.()
    const passed = Array.from({ length: 5 }, () => {
      quota?.failed()
      return quota?.spend(503)
    })
    expect(passed).toEqual([0, 0, 0, 0, undefined])
    quota?.succeeded(undefined)
    expect(quota?.spend(503)).toBe(0)
  })
})

/** What the packages use. The rest is what our clock settles by. */
const theirTimers: ('Date' | 'setTimeout' | 'clearTimeout')[] = ['Date', 'setTimeout', 'clearTimeout']

describe('beside the packages themselves', () => {
  afterEach(() => vi.useRealTimers())

  it.each<[Answer]>([[{ status: 500 }], [{ status: 429, retryAfterMs: 7_000 }], [{ status: 0 }], [{ status: 404 }]])(
    'ky asks when its formula does: %o',
    async (answer) => {
      vi.useFakeTimers({ toFake: theirTimers })
      const startedAt = Date.now()
      const at: number[] = []
      const fetch = async () => {
        at.push(Date.now() - startedAt)
        if (answer.status === 0) throw new TypeError('fetch failed')
        const headers = answer.retryAfterMs === undefined ? {} : { 'retry-after': String(answer.retryAfterMs / 1_000) }
        return new Response(null, { status: answer.status, headers })
      }
      const called = ky('http://server.test/', { fetch, timeout: false }).catch(() => {})
      await vi.advanceTimersByTimeAsync(60_000)
      await called
      expect(at).toEqual((await callTo('ky', answer)).at)
    },
  )

  it("cockatiel's waits have the same distribution", async () => {
    vi.useFakeTimers({ toFake: theirTimers })
    const waits = { theirs: [[], [], []] as number[][], formula: [[], [], []] as number[][] }
    const random = new World({ seed: 2 }).random(0)
    vi.spyOn(Math, 'random').mockImplementation(random)
    for (let call = 0; call < 400; call++) {
      const policy = retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() })
      policy.onRetry((reason) => {
        if ('delay' in reason) waits.theirs[reason.attempt - 1]?.push(reason.delay)
      })
      const called = policy.execute(() => Promise.reject(new Error('no'))).catch(() => {})
      await vi.advanceTimersByTimeAsync(60_000)
      await called
      const waitMs = formulaNamed('cockatiel').waits(random)
      for (const n of [1, 2, 3]) waits.formula[n - 1]?.push(waitMs(n, 500))
    }
    vi.restoreAllMocks()
    const middle = (values: number[] = []) => values.sort((a, b) => a - b)[200] ?? Number.NaN
    for (const n of [0, 1, 2]) {
      expect(waits.theirs[n]).toHaveLength(400)
      expect(middle(waits.theirs[n]) / middle(waits.formula[n])).toBeGreaterThan(0.85)
      expect(middle(waits.theirs[n]) / middle(waits.formula[n])).toBeLessThan(1.15)
    }
  })

  it("cockatiel's SamplingBreaker refuses the same calls", async () => {
    vi.useFakeTimers({ toFake: theirTimers, now: 1_000_000 })
    const world = new World({ seed: 1 })
    await world.clock.advance(1_000_000)
    const theirs = circuitBreaker(handleAll, {
      halfOpenAfter: 10_000,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 30_000 }),
    })
    const ours = samplingBreaker(world, { threshold: 0.5, durationMs: 30_000, halfOpenAfterMs: 10_000 })
    const random = world.random(-1)
    const passed = { theirs: '', ours: '' }
    for (let call = 0; call < 12_000; call++) {
      // Good and bad times of 20 s in turn, some 20 calls a second.
      const ok = random() < (Math.floor(call / 400) % 2 === 0 ? 0.95 : 0.05)
      const stepMs = Math.floor(random() * 100)
      let ran = false
      await theirs
        .execute(() => {
          ran = true
          if (!ok) throw new Error('no')
        })
        .catch(() => {})
      passed.theirs += ran ? '1' : '0'
      ours.enter(
        (ended) => {
          passed.ours += '1'
          ended(ok)
        },
        () => {
          passed.ours += '0'
        },
      )
      vi.advanceTimersByTime(stepMs)
      await world.clock.advance(stepMs)
    }
    expect(passed.ours).toBe(passed.theirs)
    expect(passed.ours.match(/0+/g)?.length).toBeGreaterThan(5)
  })
})
