import { readdirSync } from 'node:fs'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
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

/** What package.json exports. */
const entries = {
  index: 'src/index.ts',
  cache: 'src/refresh/cache/index.ts',
  layers: 'src/layers/index.ts',
  socket: 'src/socket/index.ts',
  redis: 'src/coordination/redis/index.ts',
  simulate: 'src/simulate/index.ts',
  tabs: 'src/coordination/tabs/index.ts',
  testing: 'src/testing/index.ts',
  token: 'src/refresh/index.ts',
}

/**
 * Each layer gets a file of its own, which nobody imports by name: a bundler leaves out a whole file that is not used,
 * while of one big file it keeps whatever it cannot prove harmless, and with it the libraries behind that.
 */
const layers = Object.fromEntries(
  readdirSync('src/layers', { withFileTypes: true })
    .filter((file) => file.isDirectory() || (file.name.endsWith('.ts') && file.name !== 'index.ts'))
    .map((file) => [
      `layers/${file.name.replace(/\.ts$/, '')}`,
      `src/layers/${file.isDirectory() ? `${file.name}/index.ts` : file.name}`,
    ]),
)

/** What is run and not imported: it has no types. */
const commands = { cli: 'src/cli/index.ts' }

/** What the command puts into a report of its own, beside it. */
const uplotFiles = ['LICENSE', 'dist/uPlot.iife.min.js', 'dist/uPlot.min.css']

const uplotBesideCommand: EsbuildPlugin = {
  name: 'uplot-beside-command',
  setup(build) {
    build.onEnd(async () => {
      const from = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
      const to = join(build.initialOptions.outdir ?? 'dist', 'uplot')
      await mkdir(to, { recursive: true })
      await Promise.all(uplotFiles.map((path) => copyFile(join(from, path), join(to, basename(path)))))
    })
  },
}

/** Two doors to the wire; which of them is opened, package `imports` say. */
const transports = {
  'transport.node': 'src/socket/transport.node.ts',
  'transport.web': 'src/socket/transport.web.ts',
}

export default defineConfig([
  {
    ...shared,
    entry: { ...entries, ...layers, ...transports, ...commands },
    // `Disposable` is not in everyone's lib; with this line the declarations bring it along.
    dts: { entry: entries, banner: '/// <reference lib="esnext.disposable" />' },
    // One copy of every class and of all module state, however many entries an application imports.
    splitting: true,
    // `#…` is chosen by the reader's runtime through package `imports`, so it has to survive the build.
    external: [/^node:/, /^#/],
    // Goes into ./cache, so that who uses only that installs nothing else; its licence is named where it is imported.
    noExternal: ['lru-cache'],
    esbuildPlugins: [uplotBesideCommand],
    // Of what goes in, the build that asks for no module of Node: it has to load everywhere.
    esbuildOptions: (options) => {
      options.conditions = ['browser']
    },
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
