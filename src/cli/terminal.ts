import { styleText } from 'node:util'

/** What a command sees of the outside. It writes to nothing else, so a test holds what it said. */
export interface Terminal {
  /** Text for standard output, as it is: what was asked for. */
  write(text: string): void
  /** A line for standard error: what is worth knowing and must not get into a pipe. */
  note(line: string): void
  /**
   * One line on standard error that the next one replaces; an empty one takes it away. Where standard error is no
   * terminal, nothing is shown.
   */
  status(line: string): void
  /** Whether a person looks at standard output. */
  readonly isTty: boolean
  /** Characters in a line of it; 80 where that cannot be told. */
  readonly columns: number
  /** Lines of it; 24 where that cannot be told. */
  readonly rows: number
  /** Whether standard output shows colours: a terminal does, and `NO_COLOR` or `FORCE_COLOR` decide otherwise. */
  readonly color: boolean
  /** Aborted by Ctrl-C, and when nobody reads standard output any more: end soon, with what there is until then. */
  readonly signal: AbortSignal
}

/** The signals that ask a process to end, and the exit code that tells the shell which it was. */
export const endings = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** The streams of this process as a terminal. */
export function processTerminal(signal: AbortSignal): Terminal {
  const { stdout, stderr } = process
  let statusShown = false
  const clearStatus = () => {
    if (statusShown) stderr.write('\r\u001b[2K')
    statusShown = false
  }
  return {
    write: (text) => {
      clearStatus()
      stdout.write(text)
    },
    note: (line) => {
      clearStatus()
      stderr.write(`${line}\n`)
    },
    status: (line) => {
      if (!stderr.isTTY) return
      clearStatus()
      if (line === '') return
      stderr.write(line.slice(0, Math.max(1, (stderr.columns || 80) - 1)))
      statusShown = true
    },
    isTty: stdout.isTTY === true,
    columns: stdout.columns || 80,
    rows: stdout.rows || 24,
    // styleText knows when a stream shows no colours, and what NO_COLOR and FORCE_COLOR say.
    color: styleText('red', ' ', { stream: stdout }) !== ' ',
    signal,
  }
}
