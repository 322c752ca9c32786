// For processes of their own, run with --import: the package's names lead to its source, so that nothing has to be built.
import { registerHooks } from 'node:module'

const source = (path) => new URL(`../../src/${path}`, import.meta.url).href

const files = new Map([
  ['breakwater', source('index.ts')],
  ['breakwater/layers', source('layers/index.ts')],
  ['breakwater/socket', source('socket/index.ts')],
  ['breakwater/token', source('refresh/index.ts')],
  ['breakwater/cache', source('refresh/cache/index.ts')],
  ['breakwater/redis', source('coordination/redis/index.ts')],
  ['breakwater/tabs', source('coordination/tabs/index.ts')],
  ['breakwater/simulate', source('simulate/index.ts')],
  ['breakwater/testing', source('testing/index.ts')],
  ['#transport', source('socket/transport.node.ts')],
])

registerHooks({
  resolve(specifier, context, next) {
    const url = files.get(specifier)
    return url ? { url, format: 'module-typescript', shortCircuit: true } : next(specifier, context)
  },
})
