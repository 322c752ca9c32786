import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltPackage, buildPackage } from './support/built-package.ts'

/** Everything that exists at run time, entry by entry. A new public name is a decision, so it is written down here. */
const names: Record<string, string[]> = {
  breakwater: [
    'attemptsOf',
    'BodyError',
    'BreakwaterError',
    'CircuitOpenError',
    'ClosedError',
    'CoordinationError',
    'createClient',
    'createFetch',
    'DeadlineError',
    'defaults',
    'every',
    'isBreakwaterError',
    'LimitError',
    'OptionsError',
    'PushbackError',
    'RedirectError',
    'SocketError',
    'spread',
    'ThrottledError',
    'TokenError',
  ],
  'breakwater/cache': ['createCache'],
  'breakwater/layers': [
    'breaker',
    'Circuit',
    'CircuitOpenError',
    'createContext',
    'deadline',
    'DeadlineError',
    'Gate',
    'hedge',
    'Hedger',
    'limit',
    'Limiter',
    'LimitError',
    'observe',
    'perKey',
    'pushback',
    'PushbackError',
    'retry',
    'singleFlight',
    'stack',
    'Throttle',
    'throttle',
    'ThrottledError',
  ],
  'breakwater/redis': ['CoordinationError', 'redisCoordination'],
  'breakwater/simulate': ['htmlReport', 'markdown', 'OptionsError', 'plan', 'plot', 'scenarios', 'simulate'],
  'breakwater/socket': ['encodeHint', 'jsonSession', 'parseHint', 'ReliableSocket', 'reconnectHint', 'SocketError'],
  'breakwater/tabs': ['CoordinationError', 'tabsCoordination'],
  'breakwater/testing': [
    'chaos',
    'coordinationContract',
    'failingHandlers',
    'hang',
    'layerContract',
    'manualClock',
    'script',
    'seededRandom',
  ],
  'breakwater/token': ['clientCredentials', 'createTokenSource', 'refreshToken', 'TokenError'],
}

const asWorkers = ['--conditions=workerd', '--import', resolve('test/support/forbid-at-load.mjs')]

let built: BuiltPackage

beforeAll(async () => {
  built = await buildPackage()
}, 60_000)

afterAll(() => built?.dispose())

describe('the built package', () => {
  it('has the entries that this test knows', async () => {
    const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
    const entries = Object.keys(manifest.exports).map((entry) => entry.replace('.', 'breakwater'))
    expect(entries.sort()).toEqual([...Object.keys(names), 'breakwater/package.json'].sort())
  })

  it.each(Object.entries(names))('%s exports its names and no other', async (entry, expected) => {
    const printed = await built.node(`console.log(JSON.stringify(Object.keys(await import('${entry}'))))`)
    expect(JSON.parse(printed).sort()).toEqual([...expected].sort())
  })

  it('gives its classes one identity over all entries', async () => {
    const printed = await built.node(`
      import { CircuitOpenError } from 'breakwater'
      import * as layers from 'breakwater/layers'
      console.log(layers.CircuitOpenError === undefined || layers.CircuitOpenError === CircuitOpenError)
    `)
    expect(printed.trim()).toBe('true')
  })

  it('can be required', async () => {
    const printed = await built.node(`
      import { createRequire } from 'node:module'
      const { createFetch } = createRequire(import.meta.url)('breakwater')
      console.log(typeof createFetch)
    `)
    expect(printed.trim()).toBe('function')
  })
})

describe('the command of the built package', () => {
  const command = async (...args: string[]) => {
    const { bin } = JSON.parse(await readFile(join(built.installed, 'package.json'), 'utf8'))
    const run = promisify(execFile)
    return (await run(process.execPath, [join(built.installed, bin.breakwater), ...args], { cwd: built.project }))
      .stdout
  }

  it('says its version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    await expect(command('--version')).resolves.toBe(`${version}\n`)
  })

  it('prints the report of the library, and writes a page with the uPlot that lies beside it', async () => {
    const printed = await command(...'simulate reconnect --clients 50 --json --html page.html'.split(' '))
    const expected = await built.node(`
      import { simulate } from 'breakwater/simulate'
      console.log(JSON.stringify(await simulate({ name: 'reconnect', clients: 50 })))
    `)
    expect(printed).toBe(expected)
    // Nothing of uPlot is installed there.
    const page = await readFile(join(built.project, 'page.html'), 'utf8')
    expect(page).toContain('Permission is hereby granted')
    expect(page).toContain('var uPlot=')
  })

  it.each(['plan', 'doctor'])('knows %s', async (name) => {
    await expect(command(name, '--help')).resolves.toContain(`Usage: breakwater ${name}`)
  })
})

describe('as in Cloudflare Workers', () => {
  it.each(Object.keys(names))('%s loads without touching what is forbidden at load', async (entry) => {
    await expect(built.node(`await import('${entry}')`, ...asWorkers)).resolves.toBe('')
  })

  it('the circuit comes from the copy of cockatiel that makes no controllers', async () => {
    await writeFile(join(built.installed, 'dist/probe.js'), `console.log(import.meta.resolve('#cockatiel'))`)
    const printed = await built.node(`await import('./node_modules/breakwater/dist/probe.js')`, ...asWorkers)
    expect(printed).toContain('breakwater/dist/cockatiel.js')
  })

  it('a call works', async () => {
    const printed = await built.node(
      `
      import { createFetch } from 'breakwater'
      loaded()
      const response = await createFetch({ fetch: async () => new Response('through') })('http://upstream.test/')
      console.log(await response.text())
      `,
      ...asWorkers,
    )
    expect(printed.trim()).toBe('through')
  })

  it.each([
    ['a controller', 'new AbortController()', 'AbortController is used while modules load'],
    ['a timer', 'setTimeout(() => {}, 1)', 'setTimeout is used while modules load'],
    ['chance', 'Math.random()', 'random is used while modules load'],
    ['crypto', 'crypto.getRandomValues(new Uint8Array(1))', 'getRandomValues is used while modules load'],
    ['a node: module', `await import('node:os')`, 'asks for node:os'],
    ['the plain cockatiel', `await import('cockatiel')`, 'AbortController is used while modules load'],
  ])('this test would see %s at load', async (_what, code, complaint) => {
    const file = join(built.project, 'bad.js')
    await writeFile(file, code)
    await expect(built.node(`await import('./bad.js')`, ...asWorkers)).rejects.toThrow(complaint)
  })
})

describe('what a bundler takes', () => {
  /** Which packages and files end up in a bundle, by what they add to it. */
  async function bundled(code: string): Promise<string[]> {
    const { metafile } = await build({
      stdin: { contents: code, resolveDir: built.project },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      metafile: true,
      write: false,
      logLevel: 'silent',
    })
    return Object.values(metafile.outputs).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    )
  }

  it('of the main entry are ky and cockatiel too, so this test sees them', async () => {
    const files = await bundled(`export { createClient } from 'breakwater'`)
    expect(files).toContainEqual(expect.stringContaining('node_modules/ky/'))
    expect(files).toContainEqual(expect.stringContaining('node_modules/cockatiel/'))
  })

  it.each([
    ['createTokenSource', 'token'],
    ['createCache', 'cache'],
  ])('of %s is neither ky nor cockatiel nor a module of Node', async (name, entry) => {
    // A module of Node would end the build: this one is for browsers.
    const files = await bundled(`export { ${name} } from 'breakwater/${entry}'`)
    expect(files).not.toEqual([])
    expect(
      files.filter((path) => path.includes('node_modules/') && !path.includes('node_modules/breakwater/')),
    ).toEqual([])
  })

  it.each(['retry', 'deadline', 'observe', 'pushback'])(
    'of the %s layer is neither ky nor cockatiel',
    async (layer) => {
      const files = await bundled(`export { ${layer} } from 'breakwater/layers'`)
      expect(files).not.toEqual([])
      expect(files.filter((path) => /node_modules\/(ky|cockatiel|ws)\//.test(path))).toEqual([])
    },
  )
})
