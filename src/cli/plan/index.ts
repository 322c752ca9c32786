import { OptionsError } from '../../core/options.ts'
import { plan as make, type PlanRequest } from '../../simulate/index.ts'
import { duration, flag } from '../../simulate/parameter.ts'
import { planDefaults } from '../../simulate/plan/index.ts'
import { type FlagTable, readArguments } from '../arguments.ts'
import { inFlags } from '../in-flags.ts'
import { bar } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { flagLines, hang } from '../usage.ts'
import { planText } from './text.ts'

const settings = {
  clients: { kind: 'count', what: 'sockets that are open when the server goes', least: 1, most: 10_000_000 },
  capacity: {
    kind: 'number',
    what: 'handshakes that the server takes per second',
    least: 0.001,
    most: Number.MAX_VALUE,
  },
  outageMs: duration('how long the server is away', planDefaults.outageMs, 0, 3_600_000),
  server: {
    kind: 'choice',
    what: 'what happens to handshakes that must wait: all queue, or the backlog is bounded',
    default: planDefaults.server,
    choices: ['fifo', 'backlog'],
  },
  backlog: {
    kind: 'count',
    what: 'handshakes that may wait at a server with a backlog',
    default: planDefaults.backlog,
    least: 1,
    most: 10_000_000,
  },
  fleet: {
    kind: 'count',
    what: 'sockets that are simulated at most; a larger fleet is simulated by so many, at a server smaller in proportion',
    default: planDefaults.fleet,
    least: 100,
    most: 10_000_000,
  },
  seed: {
    kind: 'count',
    what: 'the same seed gives the same plan',
    default: planDefaults.seed,
    least: 0,
    most: 2 ** 28,
  },
} as const satisfies FlagTable

const own = { json: flag('the plan as JSON on standard output, and nothing else there'), help: flag('this text') }

/**
 * `breakwater plan`: finds settings for a fleet by simulating it, and prints them with what came of them.
 *
 * @throws OptionsError naming the flag, what it got and what it wants
 */
export async function plan(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, { ...settings, ...own })
  if (values.help === true) {
    terminal.write(help(terminal.columns))
    return 0
  }
  if (positionals.length > 0) {
    throw new OptionsError('arguments', `plan takes flags only; what is ${JSON.stringify(positionals[0])}?`)
  }
  const { json = false, help: _, clients, capacity, ...rest } = values
  if (clients === undefined || capacity === undefined) {
    const missing = clients === undefined ? '--clients' : '--capacity'
    throw new OptionsError(missing, `plan wants --clients N --capacity C; ${missing} was not given`)
  }
  return inFlags('plan', async () => {
    const found = await make({ clients, capacity, ...rest } as PlanRequest, {
      signal: terminal.signal,
      onProgress: ({ trial, of, share }) => terminal.status(`${bar(share)} trying settings, ${trial} of ${of}`),
    })
    terminal.status('')
    terminal.write(json ? `${JSON.stringify(found)}\n` : planText(found, terminal.columns))
    return 0
  })
}

function help(columns: number): string {
  const what =
    'Settings for a fleet of sockets, found by simulating the day on which its server goes: with the defaults, with settings made for this fleet, and with a server that says when it wants its clients back.'
  return [
    'Usage: breakwater plan --clients N --capacity C [flags]',
    hang('', what, columns),
    flagLines({ ...settings, ...own }, columns),
    'Numbers as in 100k or 1.5M; times as in 500ms, 30s, 2m or 1h.\n',
  ].join('\n\n')
}
