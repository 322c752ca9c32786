import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { flagName } from '../../src/cli/arguments.ts'
import { heapFor, lacking, type Rerun } from '../../src/cli/heap.ts'
import { main } from '../../src/cli/main.ts'
import { table } from '../../src/cli/table.ts'
import { markdown, type ScenarioName, scenarios, simulate } from '../../src/simulate/index.ts'
import { scenarioNamed } from '../../src/simulate/scenarios/index.ts'
import { listen } from '../support/said.ts'
import { policyReport, stormReport } from '../support/storm-report.ts'

const small = '--clients 60 --run 2m'

async function run(line: string, terminal = listen(), rerun?: Rerun) {
  const code = await main(line.split(' ').filter(Boolean), terminal, rerun)
  return { code, out: terminal.out(), notes: terminal.notes }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the command', () => {
  it.each(['', '--help', '-h', 'help'])('says what there is: %j', async (line) => {
    const { code, out, notes } = await run(line)
    expect([code, notes]).toEqual([0, []])
    expect(out).toMatch(/^Usage: breakwater <command>\n\n {2}simulate /)
  })

  it('says which version it is', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(await run('--version')).toEqual({ code: 0, out: `${version}\n`, notes: [] })
  })

  it.each([
    ['simulat', 'breakwater: there is no command "simulat". Did you mean simulate?'],
    ['toString', 'breakwater: there is no command "toString". There are: simulate, plan, doctor.'],
    ['simulate reconect', 'breakwater: there is no scenario "reconect". Did you mean reconnect?'],
    ['simulate constructor', 'breakwater: there is no scenario "constructor". There are: '],
    ['simulate --clients 5', 'breakwater: simulate wants a scenario before --clients. There are: '],
    ['simulate reconnect --client 5', 'breakwater: there is no flag --client. Did you mean --clients?'],
    ['simulate reconnect --clients none', 'breakwater: --clients wants a whole number from 1 to '],
    ['simulate reconnect --compare partysoket', "it was given 'partysoket'. Did you mean partysocket?"],
    ['simulate reconnect cache', 'breakwater: simulate runs one scenario, reconnect; what is "cache"?'],
    ['simulate reconnect --json --markdown', 'breakwater: --markdown wants to be without --json'],
    ['simulate reconnect --html /nowhere/at/all.html', 'breakwater: --html wants a file that can be written; ENOENT'],
    ['simulate reconnect --html .', 'breakwater: --html wants a file that can be written; EISDIR'],
  ])('refuses %j in a sentence, with 2', async (line, sentence) => {
    const { code, out, notes } = await run(line)
    expect([code, out, notes.length]).toEqual([2, '', 1])
    expect(notes[0]).toContain(sentence)
  })
})

describe.each(Object.keys(scenarios) as ScenarioName[])('the flags of %s', (name) => {
  const { parameters, rivals } = scenarioNamed(name)!

  it('are its parameters, and none of them is one of the command', async () => {
    const { code, out } = await run(`simulate ${name} --help`)
    expect(code).toBe(0)
    const flags = [...out.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, flag]) => flag)
    const own = ['compare', 'json', 'markdown', 'html', 'quiet', 'help']
    expect(flags).toEqual([...Object.keys(parameters).map(flagName), ...own])
    for (const rival of rivals) expect(out.replace(/\s+/g, ' ')).toContain(rival.name)
  })

  it.each(Object.entries(parameters).map(([parameter, { kind }]) => [flagName(parameter), kind] as const))(
    'refuse a bad --%s by its name',
    async (flag, kind) => {
      const { code, out, notes } = await run(`simulate ${name} --${flag}=?!`)
      expect([code, out]).toEqual([2, ''])
      expect(notes).toEqual([
        expect.stringMatching(
          `^breakwater: --${flag} wants ${kind === 'flag' ? 'no value' : ''}.*; it was given '\\?!'`,
        ),
      ])
    },
  )
})

describe('a simulation', () => {
  it('as JSON is the report of the library, byte for byte, and nothing else', async () => {
    const { code, out, notes } = await run(
      `simulate reconnect ${small} --seed 7 --outage 5s --hint --compare phoenix --json`,
    )
    const report = await simulate({
      name: 'reconnect',
      clients: 60,
      runMs: 120_000,
      seed: 7,
      outageMs: 5_000,
      hint: true,
      compare: ['phoenix'],
    })
    expect({ code, out, notes }).toEqual({ code: 0, out: `${JSON.stringify(report)}\n`, notes: [] })
  })

  it('is the same again with the same seed, and another with another', async () => {
    const [first, again, other] = await Promise.all(
      [7, 7, 8].map((seed) => run(`simulate reconnect ${small} --seed ${seed} --json`)),
    )
    expect(again).toEqual(first)
    expect(other?.out).not.toBe(first?.out)
  })

  it('is a sentence, a picture and a table', async () => {
    const { out } = await run(`simulate reconnect ${small} --compare phoenix`)
    const [sentence, picture, figures] = out.split('\n\n')
    expect(sentence?.replace(/\s+/g, ' ')).toMatch(/^60 sockets .*: 99 % back after/)
    expect(picture).toMatch(/^Breakwater {2}busiest second .*\n.*┤/)
    expect(picture).toMatch(/^phoenix 1\.8 {2}busiest second 60, 50 × capacity$/m)
    expect(figures).toMatch(/^ +50 % back {2}99 % back .*\nBreakwater .*\nphoenix 1\.8 +never +never/)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  })

  it('ends with what its columns mean', async () => {
    const { out } = await run(`simulate reconnect ${small}`)
    const last = out.trimEnd().split('\n\n').at(-1)?.replace(/\s+/g, ' ')
    expect(last).toMatch(/^amplification: attempts per piece .*; wasted: pieces of work .*; lost: share of .*\.$/)
  })

  it('compares with all that were named, one by one or together', async () => {
    const { out } = await run(`simulate reconnect ${small} --compare phoenix --compare grpc,phoenix --json`)
    expect(JSON.parse(out).compared.map(({ policy }: { policy: string }) => policy)).toEqual(['phoenix', 'grpc'])
  })

  it('is the sentence alone where nothing else is wanted', async () => {
    const terminal = listen()
    const { out } = await run(`simulate reconnect ${small} --quiet`, terminal)
    expect(out).toMatch(/^60 sockets [^:]*: 99 % back [^│]*\.\n$/)
    expect(terminal.all()).toBe(out)
  })

  it('as Markdown is what the library makes of it', async () => {
    const report = await simulate({ name: 'reconnect', clients: 60, runMs: 120_000 })
    expect((await run(`simulate reconnect ${small} --markdown`)).out).toBe(markdown(report))
  })

  it('is written as a page beside what is printed', async () => {
    const file = join(folder, 'report.html')
    const { out, notes } = await run(`simulate reconnect ${small} --json --html ${file}`)
    expect(JSON.parse(out).parameters.clients).toBe(60)
    expect(notes).toEqual([`The curves are in ${file}.`])
    const page = await readFile(file, 'utf8')
    expect(page).toContain('Permission is hereby granted')
    expect(page).toContain('var uPlot=')
  })

  it('tells how far it is, and takes that away at the end', async () => {
    const terminal = listen()
    const shown: string[] = []
    await main(`simulate reconnect ${small} --compare phoenix`.split(' '), {
      ...terminal,
      status: (line) => shown.push(line),
    })
    expect(shown[0]).toMatch(/^░{24} Breakwater \(1 of 2\) {2}0 %/)
    expect(shown).toContainEqual(expect.stringMatching(/^[█░]{24} phoenix 1\.8 \(2 of 2\) {2}\d+ %/))
    expect(shown.at(-1)).toBe('')
  })

  it('that is ended has what came of it until then', async () => {
    const stop = new AbortController()
    const terminal = listen(stop.signal)
    const status = (line: string) => {
      if (line.includes('phoenix')) stop.abort()
    }
    const code = await main(`simulate reconnect ${small} --compare phoenix,grpc --json`.split(' '), {
      ...terminal,
      status,
    })
    const report = JSON.parse(terminal.out())
    expect(code).toBe(0)
    expect(report.compared.map((other: { policy: string; partial: boolean }) => [other.policy, other.partial])).toEqual(
      [['phoenix', true]],
    )
    expect(terminal.notes).toEqual(['Ended early: these are the figures until then. Not run: gRPC connection backoff.'])
  })

  it.each(Object.keys(scenarios))('of %s that never began has a report all the same', async (name) => {
    const stop = new AbortController()
    stop.abort()
    const terminal = listen(stop.signal)
    await main(['simulate', name, '--json'], terminal)
    const report = JSON.parse(terminal.out())
    expect(report.partial).toBe(true)
    const plain = listen(stop.signal)
    await main(['simulate', name], plain)
    expect(plain.notes).toEqual(['Ended within a second of the trouble, or before it: these figures say nothing.'])
    expect(plain.out()).not.toMatch(/NaN|Infinity|undefined/)
    expect(terminal.out()).not.toMatch(/NaN|Infinity/)
  })
})

describe('the table', () => {
  const rivals = [
    ['short', 'rival 1.0'],
    ['retry', 'cockatiel 4 retry(3, ExponentialBackoff)'],
    ['breaker', 'cockatiel 4 retry(3, ExponentialBackoff) + SamplingBreaker'],
    ['one-middle', 'the same at the beginning, one in the middle, the same at the end'],
    ['other-middle', 'the same at the beginning, another in the middle, the same at the end'],
  ] as const

  it.each([40, 80, 100])('has names of its own for all rivals in %i columns, in lines that fit', (columns) => {
    const compared = rivals.map(([policy, label]) => policyReport({ policy, label }))
    const lines = table(stormReport({ compared }), columns).split('\n')
    const names = lines.slice(1, 7).map((line) => line.split(/ {2,}/)[0])
    expect(new Set(names).size).toBe(6)
    expect(names).toEqual(expect.arrayContaining(['rival 1.0', 'one-middle', 'other-middle']))
    expect(names[2]).toMatch(/^cockatiel 4.*….*Backoff\)$/)
    expect(names[3]).toMatch(/^cockatiel 4.*….*Breaker$/)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
  })
})

describe('the heap of a run', () => {
  it('grows with the fleet, and with what each client holds', () => {
    const million = heapFor('reconnect', { clients: 1_000_000 })
    expect(million).toBeGreaterThan(6e9)
    expect(million).toBeLessThan(14e9)
    // Those of the other region are sockets as well.
    expect(heapFor('failover', { clients: 1_000, others: 999_000 })).toBeCloseTo(million)
    expect(heapFor('cache', { clients: 50, keys: 10_000 })).toBeGreaterThan(
      heapFor('cache', { clients: 50, keys: 100 }),
    )
    for (const name of Object.keys(scenarios)) {
      const { parameters } = scenarioNamed(name)!
      const standard = Object.fromEntries(
        Object.entries(parameters).map(([parameter, it]) => [parameter, it.default ?? 0]),
      )
      expect(heapFor(name, standard)).toBeGreaterThan(0)
      expect(heapFor(name, standard)).toBeLessThan(4e9)
    }
  })

  it('is told where the machine lacks it', () => {
    expect(lacking(8e9, 10e9)).toBeUndefined()
    expect(lacking(8e9, 3e9)).toMatch(/^This run wants some 8\.0 GB of memory and the machine has 3\.0 GB to spare/)
  })

  it('is another process, whose code is ours', async () => {
    const asked: number[] = []
    const rerun: Rerun = {
      isChild: false,
      wanted: (bytes) => bytes > 5e9,
      start: async (bytes) => {
        asked.push(bytes)
        return 7
      },
    }
    expect((await run('simulate reconnect --clients 1M --quiet', listen(), rerun)).code).toBe(7)
    expect(asked).toEqual([heapFor('reconnect', { clients: 1_000_000 })])
    expect((await run(`simulate reconnect ${small} --quiet`, listen(), rerun)).code).toBe(0)
  })
})
