import { resolve } from '../core/options.ts'
import { type CallOptions, callRules } from './call-options.ts'
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
    // Without defaults: only what it says is in it.
    const { retry, ...said } = resolve<CallOptions>('breakwater', {}, callRules, given)
    const settings = { ...usual, ...said } as CallSettings
    return retry === undefined ? settings : { ...settings, retry: resolveRetry(usual.retry, retry) }
  }
}

function resolveRetry(defaults: Readonly<HttpRetryOptions>, given: HttpOptions['retry']): Readonly<HttpRetryOptions> {
  return resolve('retry', defaults, httpRetryRules, given === false ? { attempts: 1 } : given)
}
