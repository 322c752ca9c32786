// Loaded into Node before a module under test. While modules evaluate, what Cloudflare Workers forbids outside of a
// request throws, and so does asking for a `node:` module. `globalThis.loaded()` puts it all back.
import { isBuiltin, registerHooks } from 'node:module'

const forbidden = [
  [globalThis, 'AbortController'],
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis, 'setImmediate'],
  [globalThis, 'fetch'],
  [AbortSignal, 'any'],
  [AbortSignal, 'timeout'],
  [crypto, 'getRandomValues'],
  [crypto, 'randomUUID'],
  [Math, 'random'],
]

// Code may still look (`typeof setTimeout`, `AbortController.prototype`); only using it is forbidden. And Node's own
// `Request` makes a controller where that of Workers does not.
const restorers = forbidden.map(([owner, name]) => {
  const original = owner[name]
  const unlessNodeItself = (use) => {
    const [, , , caller] = new Error().stack.split('\n')
    if (!/[( ]node:/.test(caller)) throw new Error(`${name} is used while modules load`)
    return use()
  }
  owner[name] = new Proxy(original, {
    apply: (target, self, args) => unlessNodeItself(() => Reflect.apply(target, self, args)),
    construct: (target, args) => unlessNodeItself(() => Reflect.construct(target, args)),
  })
  return () => {
    owner[name] = original
  }
})

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (isBuiltin(specifier)) throw new Error(`${context.parentURL} asks for ${specifier}`)
    return nextResolve(specifier, context)
  },
})

globalThis.loaded = () => {
  for (const restore of restorers) restore()
}
