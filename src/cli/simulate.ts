import { closeSync, openSync, writeFileSync } from 'node:fs'
import { OptionsError } from '../core/options.ts'
import { legend } from '../simulate/forms/figures.ts'
import { htmlReport, markdown, plot, type Report, simulate as run, type ScenarioOptions } from '../simulate/index.ts'
import { flag, valuesOf } from '../simulate/parameter.ts'
import type { Scenario } from '../simulate/scenario.ts'
import { scenarioNamed, scenarios } from '../simulate/scenarios/index.ts'
import { type Arguments, type FlagTable, readArguments } from './arguments.ts'
import { heapFor, lacking, type Rerun } from './heap.ts'
import { inFlags } from './in-flags.ts'
import { didYouMean } from './nearest.ts'
import { showProgress } from './progress.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'
import { uplotAssets } from './uplot.ts'
import { flagLines, hang } from './usage.ts'

/**
 * `breakwater simulate`: runs a scenario, and prints what came of it.
 *
 * @throws OptionsError naming the flag, what it got and what it wants
 */
export async function simulate(args: readonly string[], terminal: Terminal, rerun?: Rerun): Promise<number> {
  const name = args[0]?.startsWith('-') ? args.find((arg) => scenarioNamed(arg)) : args[0]
  if (name === undefined) {
    if (args.length > 0 && !args.includes('--help') && !args.includes('-h')) throw unknownScenario(args[0] ?? '')
    terminal.write(listOf(terminal.columns))
    return 0
  }
  const scenario = scenarioNamed(name)
  if (scenario === undefined) throw unknownScenario(name)
  const flags = { ...flagsOf(scenario), ...scenario.parameters }
  const { values, positionals } = readArguments(without(args, name), flags)
  if (positionals.length > 0) {
    throw new OptionsError(
      'arguments',
      `simulate runs one scenario, ${name}; what is ${JSON.stringify(positionals[0])}?`,
    )
  }
  if (values.help === true) {
    terminal.write(helpOf(scenario, flags, terminal.columns))
    return 0
  }
  return inFlags(name, () => runScenario(scenario, values, terminal, rerun))
}

/** What can be set of the command itself, whatever the scenario. */
function flagsOf({ rivals }: Scenario) {
  return {
    compare: {
      kind: 'list',
      what: 'others in the same world beside us; can be given more than once',
      choices: rivals.map(({ name }) => name),
    },
    json: flag('the report as JSON on standard output, and nothing else there'),
    markdown: flag('the report as Markdown on standard output, and nothing else there'),
    html: { kind: 'text', what: 'writes the report with its curves as one HTML file', as: 'FILE' },
    quiet: flag('the sentence alone, and no progress'),
    help: flag('this text'),
  } as const
}

type Given = Arguments<ReturnType<typeof flagsOf>>['values']

async function runScenario(scenario: Scenario, given: Given, terminal: Terminal, rerun?: Rerun): Promise<number> {
  const { compare = [], json = false, markdown = false, html, quiet = false, help: _, ...parameters } = given
  if (json && markdown)
    throw new OptionsError('--markdown', '--markdown wants to be without --json; it was given with it')
  const values = scenario.complete(valuesOf(scenario.name, scenario.parameters, parameters))
  if (html !== undefined) tryToWrite(html)
  const heapBytes = heapFor(scenario.name, values)
  const warning = lacking(heapBytes)
  if (warning && !quiet && rerun?.isChild !== true) terminal.note(warning)
  if (rerun?.wanted(heapBytes)) return rerun.start(heapBytes)

  const name = scenario.name as keyof typeof scenarios
  const onProgress = showProgress(terminal, name, 1 + compare.length)
  const report = await run({ ...parameters, name, compare } as ScenarioOptions, {
    signal: terminal.signal,
    ...(!quiet && { onProgress }),
  })
  if (!quiet) terminal.status('')
  if (terminal.signal.aborted && !quiet) terminal.note(`${endedEarly(report)}${neverRan(scenario, compare, report)}`)
  terminal.write(shown(report, { json, markdown, quiet }, terminal))
  if (html !== undefined) {
    writeFileSync(html, htmlReport(report, uplotAssets()))
    if (!quiet) terminal.note(`The curves are in ${html}.`)
  }
  return 0
}

function endedEarly({ curves }: Report): string {
  const began = curves.arrivals.length > 0
  return began
    ? 'Ended early: these are the figures until then.'
    : 'Ended within a second of the trouble, or before it: these figures say nothing.'
}

/** Whose turn had not come. */
function neverRan({ rivals }: Scenario, compare: readonly string[], { compared }: Report): string {
  const missing = compare.filter((name) => !compared.some(({ policy }) => policy === name))
  if (missing.length === 0) return ''
  return ` Not run: ${missing.map((name) => rivals.find((rival) => rival.name === name)?.label ?? name).join('; ')}.`
}

function shown(report: Report, form: { json: boolean; markdown: boolean; quiet: boolean }, terminal: Terminal): string {
  if (form.json) return `${JSON.stringify(report)}\n`
  if (form.markdown) return markdown(report)
  const { columns, color } = terminal
  const sentence = hang('', report.summary, columns)
  if (form.quiet) return `${sentence}\n`
  const rows = report.compared.length < 3 ? 8 : report.compared.length < 6 ? 5 : 3
  const picture = plot(report, { columns: Math.min(columns, 120), rows, color })
  return `${[sentence, picture, table(report, columns), hang('', legend(), columns)].join('\n\n')}\n`
}

/** A run may take minutes: a file that cannot be written is told before it. */
function tryToWrite(file: string): void {
  try {
    closeSync(openSync(file, 'a'))
  } catch (error) {
    throw new OptionsError('--html', `--html wants a file that can be written; ${(error as Error).message}`)
  }
}

function without(args: readonly string[], name: string): readonly string[] {
  const at = args.indexOf(name)
  return args.filter((_, index) => index !== at)
}

function unknownScenario(got: string): OptionsError {
  const names = Object.keys(scenarios)
  const meant = didYouMean(got, names) || ` There are: ${names.join(', ')}.`
  const what = got.startsWith('-')
    ? `simulate wants a scenario before ${got}.`
    : `there is no scenario ${JSON.stringify(got)}.`
  return new OptionsError('scenario', `${what}${meant}`)
}

function listOf(columns: number): string {
  const width = Math.max(...Object.keys(scenarios).map((name) => name.length))
  const lines = Object.values(scenarios).map(({ name, what }) => hang(`  ${name.padEnd(width)}  `, what, columns))
  return `Usage: breakwater simulate <scenario> [flags]\n\n${lines.join('\n')}\n\nbreakwater simulate <scenario> --help lists its flags.\n`
}

const notations = 'Numbers as in 100k, 1.5M or 100_000; times as in 500ms, 30s, 2m or 1h; shares as in 0.05 or 5%.'

function helpOf({ name, title, what, parameters }: Scenario, flags: FlagTable, columns: number): string {
  const own = Object.fromEntries(Object.entries(flags).filter(([flag]) => !Object.hasOwn(parameters, flag)))
  return [
    `Usage: breakwater simulate ${name} [flags]`,
    hang('', `${title}. ${what}`, columns),
    `What can be set of it:\n${flagLines(parameters, columns)}`,
    `What is done with it:\n${flagLines(own, columns)}`,
    `${hang('', notations, columns)}\n`,
  ].join('\n\n')
}
