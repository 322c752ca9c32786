import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FlagTable, flagName, readArguments } from '../../src/cli/arguments.ts'
import { nearest } from '../../src/cli/nearest.ts'
import { readDuration, readNumber, readShare, writeDuration } from '../../src/cli/quantity.ts'
import { flagLines } from '../../src/cli/usage.ts'
import { choice, count, derived, duration, flag, number } from '../../src/simulate/parameter.ts'

const table = {
  clients: count('how many', 100),
  capacity: derived('how fast', 0.001),
  outageMs: duration('how long', 0),
  maxWindowMs: duration('how wide', 5_000, 1),
  loss: number('what share', 0, 0, 0.5),
  server: choice('which', ['fifo', 'backlog']),
  hint: flag('whether'),
  html: { kind: 'text', what: 'where to', as: 'FILE' },
  compare: { kind: 'list', what: 'who else', choices: ['phoenix', 'socket.io'] },
} as const satisfies FlagTable

const read = (line: string) => readArguments(line.split(' ').filter(Boolean), table)

describe('the flags of a command', () => {
  it('are named as their parameters, without the unit', () => {
    expect(Object.keys(table).map(flagName)).toEqual(
      'clients capacity outage max-window loss server hint html compare'.split(' '),
    )
  })

  it.each<[line: string, values: object]>([
    ['--clients 100k', { clients: 100_000 }],
    ['--clients=100_000', { clients: 100_000 }],
    ['--clients 1.1k', { clients: 1_100 }],
    ['--clients 1e5', { clients: 100_000 }],
    ['--outage 30s --max-window 1h30m', { outageMs: 30_000, maxWindowMs: 5_400_000 }],
    ['--outage 500ms', { outageMs: 500 }],
    ['--outage 0', { outageMs: 0 }],
    ['--loss 5%', { loss: 0.05 }],
    ['--loss .05', { loss: 0.05 }],
    ['--server backlog', { server: 'backlog' }],
    ['--hint', { hint: true }],
    ['--hint --no-hint', { hint: false }],
    ['--html a.html', { html: 'a.html' }],
    ['--compare socket.io,phoenix,phoenix', { compare: ['socket.io', 'phoenix'] }],
    ['--compare phoenix --compare socket.io,phoenix', { compare: ['phoenix', 'socket.io'] }],
    ['--compare all', { compare: ['phoenix', 'socket.io'] }],
    ['--clients 1 --clients 2', { clients: 2 }],
    ['', {}],
  ])('reads %s', (line, values) => {
    expect(read(line).values).toEqual(values)
  })

  it('leaves what is no flag', () => {
    expect(read('one --hint two').positionals).toEqual(['one', 'two'])
  })

  it.each<[line: string, flag: string, message: string]>([
    ['--clients abc', '--clients', "--clients wants a whole number from 1 to 10,000,000; it was given 'abc'"],
    ['--clients 1.5', '--clients', "--clients wants a whole number from 1 to 10,000,000; it was given '1.5'"],
    ['--clients -5', '--clients', "--clients wants a whole number from 1 to 10,000,000; it was given '-5'"],
    ['--clients', '--clients', '--clients wants a whole number from 1 to 10,000,000; it was given none'],
    ['--clients=', '--clients', '--clients wants a whole number from 1 to 10,000,000; it was given none'],
    ['--clients --hint', '--clients', '--clients wants a whole number from 1 to 10,000,000; it was given none'],
    ['--capacity 0', '--capacity', "--capacity wants a number of at least 0.001; it was given '0'"],
    ['--capacity 5%', '--capacity', "--capacity wants a number of at least 0.001; it was given '5%'"],
    [
      '--outage 2y',
      '--outage',
      "--outage wants a duration from 0 to 1d, as in 500ms, 30s, 2m or 1h; it was given '2y'",
    ],
    [
      '--outage 2d',
      '--outage',
      "--outage wants a duration from 0 to 1d, as in 500ms, 30s, 2m or 1h; it was given '2d'",
    ],
    ...['30', '1.5', '-5', '1e3', '00.1'].map((text): [string, string, string] => [
      `--outage ${text}`,
      '--outage',
      `--outage wants a duration with its unit, such as 30s or 500ms; it was given '${text}'`,
    ]),
    ['--loss 60%', '--loss', "--loss wants a number from 0 to 0.5; it was given '60%'"],
    ['--server fifa', '--server', "--server wants one of fifo, backlog; it was given 'fifa'. Did you mean fifo?"],
    ['--hint=yes', '--hint', "--hint wants no value; it was given 'yes'"],
    [
      '--compare phenix',
      '--compare',
      "--compare wants all, or of phoenix, socket.io; it was given 'phenix'. Did you mean phoenix?",
    ],
    ['--clinets 5', '--clinets', 'there is no flag --clinets. Did you mean --clients?'],
    ['--outageMs 5', '--outageMs', 'there is no flag --outageMs. Did you mean --outage?'],
    ['--no-clients', '--no-clients', 'there is no flag --no-clients. Did you mean --clients?'],
    ['--zebra', '--zebra', 'there is no flag --zebra. --help lists them.'],
    ['-x', '-x', 'there is no flag -x. --help lists them.'],
  ])('refuses %s in one sentence that names it', (line, option, message) => {
    expect(() => read(line)).toThrow(expect.objectContaining({ name: 'OptionsError', option, message }))
  })

  it('shows nothing that would move the cursor', () => {
    expect(() => readArguments(['--clients', '\u001b[2J\u0007'], table)).toThrow("it was given '?[2J?'")
  })

  it('are explained with their limits and defaults', () => {
    expect(flagLines(table, 80)).toBe(
      [
        '  --clients N        how many (1 to 10,000,000; default 100)',
        '  --capacity N       how fast (at least 0.001)',
        '  --outage TIME      how long (0 to 1d; default 0)',
        '  --max-window TIME  how wide (1ms to 1d; default 5s)',
        '  --loss N           what share (0 to 0.5; default 0)',
        '  --server WORD      which (fifo, backlog; default fifo)',
        '  --hint             whether',
        '  --html FILE        where to',
        '  --compare A,B      who else (all, or of phoenix, socket.io)',
      ].join('\n'),
    )
  })
})

describe('quantities', () => {
  it.each(['', 'k', '1kk', '1__0', '_1', '1_', '0x10', 'Infinity', 'NaN', '1 0', '--1', '1e', 'e5'])(
    'refuse %j as a number',
    (text) => {
      expect(readNumber(text)).toBeNaN()
    },
  )

  it.each(['', 's', '1x', '1s2', '30 s', '1s,', 'ms5', '30', '1_000', '.5'])('refuse %j as a duration', (text) => {
    expect(readDuration(text)).toBeNaN()
  })

  it.each([
    ['0', 0],
    ['0.1s', 100],
    ['1.005s', 1_005],
    ['1d', 86_400_000],
    ['2min', 120_000],
    ['1M', 60_000],
  ])('read %s as a duration', (text, ms) => {
    expect(readDuration(text)).toBe(ms)
  })

  it('read a share with or without its sign', () => {
    expect([readShare('7%'), readShare('0.07'), readShare('%')]).toEqual([0.07, 0.07, Number.NaN])
  })

  it('read back every duration as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400_000 }), (ms) => {
        expect(readDuration(writeDuration(ms))).toBe(ms)
      }),
    )
  })
})

describe('the nearest name', () => {
  it.each([
    ['reconect', 'reconnect'],
    ['RECONNECT', 'reconnect'],
    ['recon', 'reconnect'],
    ['retyr', 'retry'],
    ['cahce', 'cache'],
    ['zebra', undefined],
    ['', undefined],
  ])('to %j is %s', (name, meant) => {
    expect(nearest(name, ['reconnect', 'retry', 'retry-after', 'cache'])).toBe(meant)
  })
})
