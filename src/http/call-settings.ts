import { resolve } from '../core/options.ts'
import { type CallOptions, callDefaults, callRules } from './call-options.ts'
import type { CallSettings } from './exchange.ts'
import type { HttpOptions } from './options.ts'
import { type HttpRetryOptions, httpRetryDefaults, httpRetryRules } from './retry-options.ts'

/** What counts for a call: what it says for itself, and for the rest its client. @throws OptionsError */
export function callSettings(options: Readonly<HttpOptions>): (given: CallOptions | undefined) => CallSettings {
  const { deadlineMs, attemptMs, replayBytes } = options
  const usual: CallSettings = {
    deadlineMs,
    attemptMs,
    priority: 'normal',
    idempotent: undefined,
    hedge: undefined,
    singleFlight: undefined,
    retry: resolveRetry(httpRetryDefaults, options.retry),
    replayBytes,
    resends: options.token !== undefined,
  }
  return (given) => {
    // Most calls say nothing: for them nothing is made.
    if (given === undefined) return usual
    const call = resolve('breakwater', callDefaults, callRules, given)
    return {
      ...usual,
      deadlineMs: call.deadlineMs ?? deadlineMs,
      attemptMs: call.attemptMs ?? attemptMs,
      priority: call.priority ?? 'normal',
      idempotent: call.idempotent,
      hedge: call.hedge,
      singleFlight: call.singleFlight,
      retry: call.retry === undefined ? usual.retry : resolveRetry(usual.retry, call.retry),
    }
  }
}

function resolveRetry(defaults: Readonly<HttpRetryOptions>, given: HttpOptions['retry']): Readonly<HttpRetryOptions> {
  return resolve('retry', defaults, httpRetryRules, given === false ? { attempts: 1 } : given)
}
