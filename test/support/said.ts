import type { Terminal } from '../../src/cli/terminal.ts'

/** A terminal that keeps what was said. */
export interface Said extends Terminal {
  readonly out: () => string
  readonly notes: readonly string[]
  /** Everything that was ever shown, wherever. */
  readonly all: () => string
}

export function listen(signal: AbortSignal = new AbortController().signal): Said {
  const out: string[] = []
  const notes: string[] = []
  const statuses: string[] = []
  return {
    write: (text) => out.push(text),
    note: (line) => notes.push(line),
    status: (line) => statuses.push(line),
    isTty: false,
    columns: 100,
    rows: 24,
    color: false,
    signal,
    out: () => out.join(''),
    notes,
    all: () => [...out, ...notes, ...statuses].join('\n'),
  }
}
