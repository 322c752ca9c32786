import type { Clock } from '../core/clock.ts'
import { callback, object, type Rules, resolve } from '../core/options.ts'
import { createRuntime, type Runtime } from '../core/runtime.ts'
import type { BreakwaterEvent } from '../events.ts'
import type { KyOptions } from '../http/ky.ts'
import { type HttpOptions, httpDefaults, httpRules } from '../http/options.ts'
import type { Environment } from '../socket/environment.ts'

/** How a client behaves. Every member may be left out; section "Defaults" of the README has the values. */
export interface ClientOptions extends Partial<HttpOptions> {
  /** Options for the `http` that is ky; its retry and timeouts are ours. */
  ky?: KyOptions | undefined
  /** Time, chance and an ear other than the platform's: for tests and simulations. */
  runtime?: Partial<Runtime> | undefined
  /** Whether there is a network and somebody who looks, for the client's sockets; the page's own if absent. */
  environment?: Environment | undefined
  /** Hears every event; the same as `on('*', listener)`. */
  onEvent?: ((event: BreakwaterEvent) => void) | undefined
}

type OwnOptions = Pick<ClientOptions, 'ky' | 'runtime' | 'environment' | 'onEvent'>

const clientDefaults: HttpOptions & Required<OwnOptions> = {
  ...httpDefaults,
  ky: undefined,
  runtime: undefined,
  environment: undefined,
  onEvent: undefined,
}

const rules: Rules<HttpOptions & Required<OwnOptions>> = {
  ...httpRules,
  ky: object,
  runtime: object,
  environment: object,
  onEvent: callback,
}

const runtimeDefaults: Runtime = createRuntime()

const clockMembers = ['now', 'wallNow', 'sleep', 'setTimer'] as const

const runtimeRules: Rules<Runtime> = {
  clock: {
    wants: `a clock (${clockMembers.join(', ')})`,
    holds: (value) => object.holds(value) && clockMembers.every((name) => typeof (value as Clock)[name] === 'function'),
  },
  random: callback,
  emit: callback,
}

/** What was given, complete and checked. @throws OptionsError for an unknown option or a bad value */
export function clientOptions(given: ClientOptions) {
  const options = resolve('options', clientDefaults, rules, given)
  return { options, runtime: createRuntime(resolve('runtime', runtimeDefaults, runtimeRules, options.runtime)) }
}
