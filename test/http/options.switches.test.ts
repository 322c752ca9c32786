import { expect, test } from 'vitest'
import { type ClientOptions, createClient, OptionsError } from '../../src/index.ts'

/** Options that are off until asked for: a bad value is found when the client is built, not at its first call. */
const bad: [option: string, given: object, wants: string][] = [
  ['options.hedge', { hedge: 1 }, 'true, false or an object of options'],
  ['hedge.percentile', { hedge: { percentile: 1 } }, 'a share above 0 and below 1'],
  ['hedge.delayMs', { hedge: { delayMs: -1 } }, 'milliseconds'],
  ['hedge.minSamples', { hedge: { minSamples: 0 } }, 'a whole number of at least 1'],
  ['hedge.maxExtra', { hedge: { maxExtra: 1.5 } }, 'a whole number of at least 1'],
  ['hedge.ratio', { hedge: { ratio: 2 } }, 'a number from 0 to 1'],
  ['hedge.delay', { hedge: { delay: 5 } }, 'it has: percentile, delayMs'],
  ['options.singleFlight', { singleFlight: 'yes' }, 'true, false or an object of options'],
  ['singleFlight.methods', { singleFlight: { methods: ['POST'] } }, 'safe methods'],
  ['singleFlight.maxBytes', { singleFlight: { maxBytes: -1 } }, 'a number from 0'],
  ['singleFlight.key', { singleFlight: { key: 'url' } }, 'a function'],
  ['singleFlight.identity', { singleFlight: { identity: 'me' } }, 'a function'],
  ['singleFlight.vary', { singleFlight: { vary: ['Accept'] } }, 'lower-case header names'],
  ['options.throttle', { throttle: 2 }, 'true, false or an object of options'],
  ['throttle.k', { throttle: { k: 0.5 } }, 'at least 1'],
  ['throttle.maxRejection', { throttle: { maxRejection: 1.1 } }, 'a number from 0 to 1'],
  ['throttle.timeoutGate', { throttle: { timeoutGate: 'on' } }, 'true, false'],
  ['limit.until', { limit: { until: 'end' } }, "'headers', 'body'"],
  ['limit.callsPerWindow', { limit: { callsPerWindow: { calls: 5 } } }, "'learned', or { calls, windowMs }"],
  ['limit.ratePerSecond', { limit: { ratePerSecond: 0 } }, 'above 0'],
  ['options.attemptCovers', { attemptCovers: 'all' }, "'headers', 'body'"],
  ['options.maxResponseBytes', { maxResponseBytes: -1 }, 'at least 0'],
  ['options.idleReadMs', { idleReadMs: Number.NaN }, 'milliseconds'],
  ['options.secretHeaders', { secretHeaders: ['X-Api-Key'] }, 'lower-case header names'],
  ['options.attemptHeader', { attemptHeader: 'x attempt\r\n' }, 'a header name'],
]

test.each(bad)('%s: %j is an OptionsError that says what it wants', (option, given, wants) => {
  let error: unknown
  try {
    createClient(given as ClientOptions)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(OptionsError)
  expect(error).toMatchObject({ code: 'options', option })
  expect((error as OptionsError).message).toContain(wants)
})
