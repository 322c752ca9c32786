import { createRequire } from 'node:module'
import { OptionsError } from '../core/options.ts'
import type { Rerun } from './heap.ts'
import { didYouMean } from './nearest.ts'
import type { Terminal } from './terminal.ts'

type Command = (args: readonly string[], terminal: Terminal, rerun?: Rerun) => Promise<number>

/** Each is loaded when it is wanted: `--help` need not wait for the simulator. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  simulate: async () => (await import('./simulate.ts')).simulate,
  plan: async () => (await import('./plan/index.ts')).plan,
  doctor: async () => (await import('./doctor/index.ts')).doctor,
}

const usage = `Usage: breakwater <command>

  simulate <scenario>  runs a fleet of virtual clients through an outage, and shows what comes of it
  plan                 finds settings for a fleet, and shows what comes of them
  doctor <url>         looks at an API or a WebSocket server with a few requests, and says what a fleet would suffer from

breakwater <command> --help says more; breakwater --version says which version this is.
`

/** The exit code of a command that was not understood. */
const misused = 2

/** The `breakwater` command: does what its arguments say and gives its exit code. */
export async function main(args: readonly string[], terminal: Terminal, rerun?: Rerun): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.write(usage)
    return 0
  }
  if (name === '--version' || name === '-v') {
    terminal.write(`${version()}\n`)
    return 0
  }
  try {
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (load === undefined) throw unknown(name)
    const command = await load()
    return await command(rest, terminal, rerun)
  } catch (error) {
    terminal.status('')
    if (!(error instanceof OptionsError)) throw error
    terminal.note(`breakwater: ${error.message}`)
    return misused
  }
}

function unknown(name: string): OptionsError {
  const names = Object.keys(commands)
  const meant = didYouMean(name, names) || ` There are: ${names.join(', ')}.`
  return new OptionsError('command', `there is no command ${JSON.stringify(name)}.${meant}`)
}

function version(): string {
  return createRequire(import.meta.url)('breakwater/package.json').version
}
