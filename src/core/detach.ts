interface AsyncHooks {
  readonly AsyncLocalStorage?: { snapshot?(): <Value>(fn: () => Value) => Value }
}

interface Builtins {
  readonly process?: { getBuiltinModule?(name: string): unknown }
}

/**
 * Remembers the async context of here and now (the stores of `AsyncLocalStorage`), and gives a function that runs others
 * in it. Work that many share must not run in that of the caller who happened to start it: its traces, its tenant and
 * its log fields would be those of a stranger for all others, and it would be kept in memory for as long.
 *
 * Asked of the runtime and never imported, so that a browser's bundle knows nothing of it. Where there is no async
 * context (browsers, React Native) functions just run.
 */
export function detach(): <Value>(fn: () => Value) => Value {
  const { process } = globalThis as Builtins
  const hooks = process?.getBuiltinModule?.('node:async_hooks') as AsyncHooks | undefined
  return hooks?.AsyncLocalStorage?.snapshot?.() ?? ((fn) => fn())
}
