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
  const guard = (options: Options) => {
    const allowed: Options = { ...fixed, totalTimeout: false, fetch: fetch as typeof globalThis.fetch }
    for (const name of names) {
      if (options[name] === undefined) Object.assign(options, { [name]: allowed[name] })
      else if (options[name] !== allowed[name]) refuse(name, options[name])
    }
  }
  const instance = ky.create({
    ...own,
    ...fixed,
    fetch: fetch as typeof globalThis.fetch,
    ...(base === undefined || own.baseUrl !== undefined ? {} : { baseUrl: base }),
    hooks: { ...own.hooks, init: [...(own.hooks?.init ?? []), guard] },
  })
  return base === undefined ? instance : keepHome(instance, base)
}

const verbs: ReadonlySet<unknown> = new Set(['get', 'post', 'put', 'patch', 'head', 'delete', 'query'])

/** ky follows a string anywhere. With a base it must stay there, as it must with our `fetch`. */
function keepHome(instance: KyInstance, base: URL): KyInstance {
  const check = (input: unknown) => {
    if (typeof input === 'string' && URL.canParse(input, base)) stayHome(new URL(input, base), base)
  }
  return new Proxy(instance, {
    apply: (target, _this, [input, options]: [Input, Options?]) => {
      check(input)
      return target(input, options)
    },
    get: (target, name: keyof KyInstance) => {
      if (name === 'extend')
        return (...given: Parameters<KyInstance['extend']>) => keepHome(target.extend(...given), base)
      if (!verbs.has(name)) return target[name]
      return (input: Input, options?: Options) => {
        check(input)
        return target[name as 'get'](input, options)
      }
    },
  })
}

function refuse(name: keyof typeof ours, got: unknown, path = ''): never {
  throw new OptionsError(`${path}${name}`, `ky's ${name} is switched off here, got ${shown(got)}; use ${ours[name]}`)
}

function shown(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a value of type ${typeof value}`
}
