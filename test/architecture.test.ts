import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cycles, findings, parse, type SourceText } from './support/architecture.ts'

const house: SourceText[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => `src/${path.replaceAll('\\', '/')}`)
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }))

describe('the house', () => {
  it('is what these tests look at', () => {
    expect(house.map(({ path }) => path)).toContain('src/index.ts')
  })

  it('keeps floors, doors, sizes, names and has no import cycle', () => {
    expect(findings(house)).toEqual([])
  })

  it('has no cycle of imports that exist at run time', () => {
    expect(cycles(house.map(parse), 'value')).toEqual([])
  })

  it('has no cycle when type imports count as well', () => {
    expect(cycles(house.map(parse), 'any')).toEqual([])
  })
})

/** Files that an import may point at, so that a snippet breaks only the rule it is about. */
const neighbours: SourceText[] = [
  'src/core/clock.ts',
  'src/layers/retry.ts',
  'src/layers/breaker/index.ts',
  'src/layers/chaos.ts',
  'src/layers/index.ts',
  'src/upstream/upstream.ts',
  'src/coordination/store.ts',
  'src/refresh/refreshable.ts',
  'src/http/fetch.ts',
  'src/socket/socket.ts',
  'src/telemetry/health.ts',
  'src/client.ts',
  'src/defaults.ts',
  'src/simulate/world.ts',
  'src/testing/script.ts',
  'src/index.ts',
].map((path) => ({ path, text: '' }))

function check(path: string, text: string): string[] {
  return findings([...neighbours.filter((file) => file.path !== path), { path, text }])
}

describe('the checker refuses', () => {
  it.each<[rule: string, path: string, text: string, finding: RegExp]>([
    ['core knowing a layer', 'src/core/a.ts', `import '../layers/retry.ts'`, /core may import nothing else/],
    ['core knowing the type of a layer', 'src/core/a.ts', `import type { A } from '../layers/retry.ts'`, /core may/],
    ['an upward re-export', 'src/core/a.ts', `export { a } from '../layers/retry.ts'`, /core may/],
    ['an upward dynamic import', 'src/core/a.ts', `await import('../layers/retry.ts')`, /core may/],
    ['an upward import type', 'src/core/a.ts', `type A = import('../layers/retry.ts').A`, /core may/],
    ['a layer knowing upstreams', 'src/layers/a.ts', `import '../upstream/upstream.ts'`, /layers may import core/],
    ['upstream knowing http', 'src/upstream/a.ts', `import '../http/fetch.ts'`, /upstream may/],
    ['upstream knowing coordination', 'src/upstream/a.ts', `import '../coordination/store.ts'`, /upstream may/],
    ['refresh knowing http', 'src/refresh/a.ts', `import type { A } from '../http/fetch.ts'`, /refresh may/],
    ['http knowing socket', 'src/http/a.ts', `import type { A } from '../socket/socket.ts'`, /http may/],
    ['socket knowing http', 'src/socket/a.ts', `import '../http/fetch.ts'`, /socket may/],
    ['http knowing telemetry', 'src/http/a.ts', `import '../telemetry/health.ts'`, /http may/],
    ['http knowing the client', 'src/http/a.ts', `import type { A } from '../client.ts'`, /http may/],
    ['the client knowing all defaults', 'src/client.ts', `import './defaults.ts'`, /client may/],
    ['the client knowing the simulator', 'src/client.ts', `import './simulate/world.ts'`, /client may/],
    ['a room knowing the public names', 'src/simulate/a.ts', `import '../index.ts'`, /simulate may/],
    ['the product knowing its testing entry', 'src/simulate/a.ts', `import '../testing/script.ts'`, /simulate may/],
    ['testing knowing http', 'src/testing/a.ts', `import '../http/fetch.ts'`, /testing may/],
    ['testing knowing another layer', 'src/testing/a.ts', `import '../layers/retry.ts'`, /only layers\/chaos/],
    ['testing loading coordination', 'src/testing/a.ts', `import '../coordination/store.ts'`, /only types of coord/],
    [
      'socket loading upstreams',
      'src/socket/a.ts',
      `import { type A } from '../upstream/upstream.ts'`,
      /only the type/,
    ],
    ['a layer knowing another', 'src/layers/a.ts', `import './retry.ts'`, /never imports another layer/],
    ['a layer folder knowing another', 'src/layers/a/b.ts', `import '../retry.ts'`, /never imports another layer/],
    ['a layer knowing a layer folder', 'src/layers/a.ts', `import './breaker/index.ts'`, /never imports another layer/],
    ['a layer knowing the type of another', 'src/layers/a.ts', `import type { A } from './retry.ts'`, /never imports/],
    ['a layer knowing the list of layers', 'src/layers/a.ts', `import './index.ts'`, /never imports another layer/],
    ['a room that is not on the plan', 'src/lib/a.ts', '', /in no room of the house/],
    ['an import without extension', 'src/http/a.ts', `import '../core/clock'`, /is not a file/],
    ['an import of nothing', 'src/http/a.ts', `import '../core/no.ts'`, /is not a file/],

    ['a timer', 'src/http/a.ts', 'setTimeout(f, 1)', /touches setTimeout: time has one door, src\/core\/clock/],
    ['a timer handed on', 'src/http/a.ts', 'f({ setTimeout })', /touches setTimeout/],
    ['a timer renamed', 'src/http/a.ts', 'const later = setInterval', /touches setInterval/],
    ['a timer of globalThis', 'src/http/a.ts', 'globalThis.setTimeout(f)', /touches setTimeout/],
    [
      'a timer of a cast globalThis',
      'src/http/a.ts',
      `;(globalThis as any)['clearTimeout'](f)`,
      /touches clearTimeout/,
    ],
    ['a timer by destructuring', 'src/http/a.ts', 'const { setTimeout: later } = globalThis', /touches setTimeout/],
    ['the date', 'src/http/a.ts', 'const now = Date.now()', /touches Date.now/],
    ['the date function handed on', 'src/http/a.ts', 'f(Date.now)', /touches Date.now/],
    ['a new date', 'src/http/a.ts', 'const now = new Date()', /touches Date.now/],
    ['a new date without brackets', 'src/http/a.ts', 'const now = new Date', /touches Date.now/],
    ['a date by call', 'src/http/a.ts', 'const now = Date()', /touches Date.now/],
    ['the monotonic clock', 'src/http/a.ts', 'const now = performance.now()', /touches performance/],
    [
      'chance',
      'src/http/a.ts',
      'const n = Math.random()',
      /touches Math.random: chance has one door, src\/core\/random/,
    ],
    ['crypto', 'src/http/a.ts', 'const id = crypto.randomUUID()', /touches crypto/],
    ['crypto of globalThis', 'src/http/a.ts', 'const id = globalThis.crypto.randomUUID()', /touches crypto/],
    ['time at the door of chance', 'src/core/random.ts', 'const n = Date.now()', /touches Date.now/],
    ['AbortSignal.timeout', 'src/core/clock.ts', 'const signal = AbortSignal.timeout(1)', /uses AbortSignal.timeout/],

    [
      'cockatiel elsewhere',
      'src/layers/a.ts',
      `import 'cockatiel'`,
      /loads cockatiel, allowed only at src\/layers\/breaker/,
    ],
    ['#cockatiel elsewhere', 'src/upstream/a.ts', `import '#cockatiel'`, /loads #cockatiel/],
    [
      'types of cockatiel elsewhere',
      'src/upstream/a.ts',
      `import type { A } from 'cockatiel'`,
      /names types of cockatiel/,
    ],
    ['ky elsewhere', 'src/client.ts', `import ky from 'ky'`, /loads ky, allowed only at src\/http\/ky/],
    ['an emptied import of ky', 'src/client.ts', `import { type KyInstance } from 'ky'`, /loads ky/],
    ['types of ky elsewhere', 'src/http/fetch.ts', `import type { A } from 'ky'`, /names types of ky/],
    ['ws elsewhere', 'src/socket/socket.ts', `import 'ws'`, /loads ws/],
    ['node: elsewhere', 'src/core/a.ts', `import 'node:fs'`, /loads node:fs/],
    ['OpenTelemetry at load', 'src/telemetry/a.ts', `import '@opentelemetry/api'`, /allowed nowhere/],
    ['any other package', 'src/http/a.ts', `import 'msw'`, /no room may know this package/],

    ['a file of 201 lines', 'src/http/a.ts', '\n'.repeat(201), /has 201 lines/],
    ['a drawer', 'src/http/utils.ts', '', /called "utils"/],
    ['a drawer in a name', 'src/http/retry-helpers.ts', '', /called "helpers"/],
    ['a drawer as a folder', 'src/http/common/a.ts', '', /called "common"/],
    ['a name that is not kebab-case', 'src/http/requestKey.ts', '', /not kebab-case/],
    ['an exported manager', 'src/http/a.ts', 'export class UpstreamManager {}', /exports UpstreamManager/],
    ['a default export', 'src/http/a.ts', 'export default 1', /default export/],
    ['a default function', 'src/http/a.ts', 'export default function a() {}', /default export/],
    ['a renamed default export', 'src/http/a.ts', 'const a = 1\nexport { a as default }', /default export/],
    ['export *', 'src/http/a.ts', `export * from '../core/clock.ts'`, /explicit list/],
    ['a value among the events', 'src/events.ts', 'export const a = 1', /holds only types/],
    ['a loading import among the events', 'src/events.ts', `import { a } from './core/clock.ts'`, /holds only types/],
  ])('%s', (_rule, path, text, finding) => {
    expect(check(path, text)).toEqual([expect.stringMatching(finding)].concat(extras(path, text)))
  })

  it('a cycle of values', () => {
    const files = [
      { path: 'src/http/a.ts', text: `import './b.ts'` },
      { path: 'src/http/b.ts', text: `export { c } from './c.ts'` },
      { path: 'src/http/c.ts', text: `import { a } from './a.ts'` },
    ]
    const cycle = 'src/http/a.ts -> src/http/b.ts -> src/http/c.ts -> src/http/a.ts'
    expect(cycles(files.map(parse), 'value')).toEqual([cycle])
    expect(findings(files)).toContain(`import cycle: ${cycle}`)
  })

  it('a cycle through a type', () => {
    const files = [
      { path: 'src/http/a.ts', text: `import './b.ts'` },
      { path: 'src/http/b.ts', text: `import type { A } from './a.ts'` },
    ]
    expect(cycles(files.map(parse), 'value')).toEqual([])
    expect(findings(files)).toEqual([
      'import cycle, type imports included: src/http/a.ts -> src/http/b.ts -> src/http/a.ts',
    ])
  })
})

/** A value among the events breaks two rules at once where it is an import; everything else breaks exactly one. */
function extras(path: string, text: string): unknown[] {
  return path === 'src/events.ts' && text.startsWith('import') ? [expect.stringMatching(/is not a type/)] : []
}

describe('the checker allows', () => {
  it.each<[what: string, path: string, text: string]>([
    ['imports that go down', 'src/http/a.ts', `import '../upstream/upstream.ts'\nimport '../refresh/refreshable.ts'`],
    ['a layer folder its own rooms', 'src/layers/breaker/probe.ts', `import './index.ts'`],
    ['the list of layers to name them all', 'src/layers/index.ts', `export { a } from './retry.ts'`],
    ['socket the type of an upstream', 'src/socket/a.ts', `import type { A } from '../upstream/upstream.ts'`],
    [
      'testing chaos and coordination types',
      'src/testing/a.ts',
      `import '../layers/chaos.ts'\nimport type { A } from '../coordination/store.ts'`,
    ],
    ['events types from below', 'src/events.ts', `import type { A } from './layers/retry.ts'\nexport type B = A`],
    ['the clock its timers', 'src/core/clock.ts', 'setTimeout(f, Date.now() + performance.now())'],
    ['chance its sources', 'src/core/random.ts', 'f(Math.random(), crypto.randomUUID())'],
    ['the breaker cockatiel', 'src/layers/breaker.ts', `import { A } from '#cockatiel'`],
    ['http/ky.ts ky', 'src/http/ky.ts', `import ky from 'ky'\ndeclare module 'ky' { interface A {} }`],
    ['the client types of ky', 'src/client.ts', `import type { KyInstance } from 'ky'`],
    [
      'names that only look like globals',
      'src/http/a.ts',
      'const a = { setTimeout: 1, crypto: 2 }\nf(a.setTimeout, clock.now(), b.performance)',
    ],
    ['types that only look like globals', 'src/http/a.ts', 'type A = typeof setTimeout | Date'],
    ['dates made of numbers', 'src/http/a.ts', 'f(new Date(0), Date.UTC(2026, 1))'],
    ['200 lines', 'src/http/a.ts', `${'\n'.repeat(199)}a()\n`],
  ])('%s', (_what, path, text) => {
    expect(check(path, text)).toEqual([])
  })
})
