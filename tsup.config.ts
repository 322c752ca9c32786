import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { defineConfig, type Options } from 'tsup'

const shared = {
  format: ['esm'],
  target: 'es2022',
  platform: 'neutral',
  // Without the `node:` prefix an import means an npm package in Deno and in Workers.
  removeNodeProtocol: false,
  sourcemap: true,
  // The build script empties dist: tsup's own cleaning keeps old .d.ts files, and stale types pass every lint.
  clean: false,
} satisfies Options

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number]

/**
 * cockatiel makes two AbortControllers while its modules load, which Cloudflare Workers forbids. Nothing that we use of
 * it looks at them, so the Workers copy gets objects that only answer `aborted`.
 */
const inertSignals: EsbuildPlugin = {
  name: 'inert-signals',
  setup(build) {
    let replaced = false
    build.onLoad({ filter: /cockatiel[\\/]dist[\\/]common[\\/]abort\.js$/ }, async ({ path }) => {
      replaced = true
      return { contents: withoutModuleSignals(await readFile(path, 'utf8')), loader: 'js' }
    })
    build.onEnd(() => {
      if (!replaced)
        throw new Error('cockatiel has no dist/common/abort.js any more: look where it makes its signals now')
    })
  },
}

function withoutModuleSignals(source: string): string {
  const inert = (aborted: boolean) =>
    `{ aborted: ${aborted}, reason: undefined, onabort: null, addEventListener() {}, removeEventListener() {}, dispatchEvent: () => true, throwIfAborted() {} }`
  const swaps: [from: string, to: string][] = [
    [
      'export const neverAbortedSignal = new AbortController().signal;',
      `export const neverAbortedSignal = ${inert(false)};`,
    ],
    ['const cancelledSrc = new AbortController();\ncancelledSrc.abort();\n', ''],
    ['export const abortedSignal = cancelledSrc.signal;', `export const abortedSignal = ${inert(true)};`],
  ]
  return swaps.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) {
      throw new Error(
        `cockatiel's abort.js changed, "${from.trim()}" is not in it once: check how its module signals are made`,
      )
    }
    return text.replace(from, () => to)
  }, source)
}

export default defineConfig([
  {
    ...shared,
    entry: {
      index: 'src/index.ts',
      layers: 'src/layers/index.ts',
      testing: 'src/testing/index.ts',
    },
    // `Disposable` is not in everyone's lib; with this line the declarations bring it along.
    dts: { banner: '/// <reference lib="esnext.disposable" />' },
    // One copy of every class and of all module state, however many entries an application imports.
    splitting: true,
    // `#…` is chosen by the reader's runtime through package `imports`, so it has to survive the build.
    external: [/^node:/, /^#/],
  },
  {
    ...shared,
    entry: { cockatiel: createRequire(import.meta.url).resolve('cockatiel') },
    noExternal: ['cockatiel'],
    external: [/^node:/],
    dts: false,
    sourcemap: false,
    esbuildPlugins: [inertSignals],
  },
])
