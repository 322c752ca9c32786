import ky, { type Input, type KyInstance, type Options } from 'ky'
import { OptionsError } from '../core/options.ts'
import { stayHome } from './base-url.ts'
import type { CallOptions } from './call-options.ts'
import type { BreakwaterFetch } from './fetch.ts'

declare module 'ky' {
  interface Options {
    /** What this call says for itself; see `CallOptions`. */
    breakwater?: CallOptions
  }
}

/** ky's options that we take the place of, and what to use instead. */
const ours = {
  retry: "breakwater's own `retry`",
  timeout: "breakwater's `attemptMs`",
  totalTimeout: "breakwater's `deadlineMs`",
  fetch: "breakwater's own `fetch`",
} as const

const names = Object.keys(ours) as (keyof typeof ours)[]

export type KyOptions = Omit<Options, 'retry' | 'timeout' | 'totalTimeout' | 'fetch'>

const fixed = { retry: 0, timeout: false } as const

/**
 * Says of a call that nobody can abort it: no signal was given, and no hook could put another request in its place. ky
 * gives each request a signal all the same, and following it until the body is gone nearly doubled what a call costs. It is a name and
 * no symbol, because ky hands on no symbols.
 */
const unheard = 'breakwater.unheard'

/**
 * ky on top of our `fetch`: its URLs, shortcuts, hooks and errors, without its retry and its timeouts, which would turn
 * statuses into exceptions before the circuit saw them and put a second clock around our waits.
 *
 * @throws OptionsError where one of those is set, here or on a call, and where a string leads away from `baseUrl`
 */
export function createKy(fetch: BreakwaterFetch, given: KyOptions = {}, baseUrl?: string | URL): KyInstance {
  // Copied: its owner may change it later.
  const base = baseUrl === undefined ? undefined : new URL(baseUrl)
  // Only what is their own, whatever somebody has hung into the prototype of all objects.
  const own = Object.assign(Object.create(null) as Options, given)
  for (const name of names) if (own[name] !== undefined) refuse(name, own[name], 'ky.')
  const send = (input: RequestInfo | URL, init: RequestInit & { [unheard]?: boolean }) => {
    const { [unheard]: alone, ...rest } = init
    return fetch(input, alone ? { ...rest, signal: null } : rest)
  }
  const options: Options & { [unheard]: boolean } = {
    ...own,
    ...fixed,
    fetch: send as typeof globalThis.fetch,
    ...(base === undefined || own.baseUrl !== undefined ? {} : { baseUrl: base }),
    ...watched(own, send),
    [unheard]: true,
    ...heard(own),
  }
  return guarded(ky.create(options), base, send)
}

/** Whether somebody can abort what is sent with these options. */
function heard({ signal, hooks }: Options): Options {
  return signal || hooks ? ({ [unheard]: false } as Options) : {}
}

type Send = (input: RequestInfo | URL, init: RequestInit) => Promise<Response>

const verbs: readonly (keyof KyInstance)[] = ['get', 'post', 'put', 'patch', 'head', 'delete', 'query'] as never

/**
 * What a call or an extension says is looked at on its way in: a hook of ours would see it too, but ky then copies all
 * options of every call, which costs 3 to 7 µs.
 */
function guarded(instance: KyInstance, base: URL | undefined, fetch: Send): KyInstance {
  const told = (options: Options) => ({ ...allowed(options, fetch), ...watched(options, fetch), ...heard(options) })
  const run = (call: KyInstance['get'], input: Input, options: Options | undefined) => {
    // ky follows a string anywhere. With a base it must stay there, as it must with our `fetch`.
    if (base && typeof input === 'string' && URL.canParse(input, base)) stayHome(new URL(input, base), base)
    if (typeof input === 'object' && 'signal' in input)
      return call(input, { ...(options && told(options)), [unheard]: false } as Options)
    return call(input, options && told(options))
  }
  const calls = new Map<PropertyKey, unknown>()
  for (const name of verbs) {
    const call = instance[name] as KyInstance['get']
    calls.set(name, (input: Input, options?: Options) => run(call, input, options))
  }
  calls.set('extend', (given: Options | ((parent: Options) => Options)) => {
    const extension = typeof given === 'function' ? (parent: Options) => told(given(parent)) : told(given)
    return guarded(instance.extend(extension), base, fetch)
  })
  return new Proxy(instance, {
    apply: (target, _this, [input, options]: [Input, Options?]) => run(target, input, options),
    get: (target, name: keyof KyInstance) => calls.get(name) ?? target[name],
  })
}

/** Where a user's own hooks may still change the options, ours comes after them and looks once more. */
function watched({ hooks }: Options, fetch: Send): Pick<Options, 'hooks'> {
  if (!hooks) return {}
  const look = (options: Options) => void Object.assign(options, allowed(options, fetch))
  return { hooks: hooks.init?.length ? { ...hooks, init: [...hooks.init, look] } : hooks }
}

/** @throws OptionsError where one of ky's options is set that we take the place of */
function allowed(options: Options, fetch: Send): Options {
  let result = options
  for (const name of names) {
    if (!(name in options)) continue
    const only = name === 'fetch' ? fetch : name === 'retry' ? 0 : false
    if (options[name] !== undefined && options[name] !== only) refuse(name, options[name])
    // An `undefined` would bring back ky's own default.
    result = { ...result, [name]: only }
  }
  return result
}

function refuse(name: keyof typeof ours, got: unknown, path = ''): never {
  throw new OptionsError(`${path}${name}`, `ky's ${name} is switched off here, got ${shown(got)}; use ${ours[name]}`)
}

function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a value of type ${typeof value}`
}
