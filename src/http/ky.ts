import ky, { type KyInstance, type Options } from 'ky'
import { OptionsError } from '../core/options.ts'
import type { BreakwaterFetch } from './fetch.ts'
import type { CallOptions } from './options.ts'

declare module 'ky' {
  interface Options {
    /** What this call says for itself; see `CallOptions`. */
    breakwater?: CallOptions
  }
}

/** ky's options that we take the place of, and what to use instead. */
const ours: Readonly<Record<string, string>> = {
  retry: "breakwater's own `retry`",
  timeout: "breakwater's `attemptMs`",
  totalTimeout: "breakwater's `deadlineMs`",
  fetch: "breakwater's own `fetch`",
}

export type KyOptions = Omit<Options, 'retry' | 'timeout' | 'totalTimeout' | 'fetch'>

/**
 * ky on top of our `fetch`: its URLs, shortcuts, hooks and errors, without its retry and its timeouts, which would turn
 * statuses into exceptions before the circuit saw them and put a second clock around our waits.
 *
 * @throws OptionsError where one of those is set, here or on a call
 */
export function createKy(fetch: BreakwaterFetch, given: KyOptions = {}, baseUrl?: string | URL): KyInstance {
  for (const name of Object.keys(ours)) if (Object.hasOwn(given, name)) refuse(name, 'ky.')
  const fixed = { fetch: fetch as typeof globalThis.fetch, retry: 0, timeout: false } as const
  const guard = (options: Options) => {
    if (options.retry !== fixed.retry) refuse('retry')
    if (options.timeout !== fixed.timeout) refuse('timeout')
    if (options.totalTimeout !== undefined && options.totalTimeout !== false) refuse('totalTimeout')
    if (options.fetch !== fixed.fetch) refuse('fetch')
  }
  return ky.create({
    ...given,
    ...fixed,
    ...(baseUrl === undefined || given.baseUrl !== undefined ? {} : { baseUrl }),
    hooks: { ...given.hooks, init: [...(given.hooks?.init ?? []), guard] },
  })
}

function refuse(name: string, path = ''): never {
  throw new OptionsError(`${path}${name}`, `ky's ${name} is switched off here; use ${ours[name]}`)
}
