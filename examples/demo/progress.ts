import type { Progress } from './run.ts'
import type { Scenario } from './scenario.ts'

/** What it needs of a stream; `process.stderr` has it. */
export interface Screen {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** Between two lines, where a line cannot be written over. */
const lineEveryMs = 2_500

/** Tells how a run goes: one line that changes on a terminal, a line now and then elsewhere. */
export function progress(title: string, { runMs, server }: Scenario, screen: Screen) {
  let nextLineMs = 0
  return {
    show({ elapsedMs, arrivals, succeeded }: Progress): void {
      const lastSecond = arrivals.slice(-1_000 / server.bucketMs).reduce((total, count) => total + count, 0)
      const at = `${(Math.min(elapsedMs, runMs) / 1_000).toFixed(1)} of ${(runMs / 1_000).toFixed(1)} s`
      const line = `${title}: ${at}, ${lastSecond} requests/s at the server, ${succeeded} calls succeeded`
      if (screen.isTTY) screen.write(`\r\x1b[2K${line}`)
      else if (elapsedMs >= nextLineMs) {
        nextLineMs = elapsedMs + lineEveryMs
        screen.write(`${line}\n`)
      }
    },
    done(): void {
      if (screen.isTTY) screen.write('\r\x1b[2K')
    },
  }
}
