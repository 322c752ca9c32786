import { systemClock } from '../core/clock.ts'
import { inTime } from '../simulate/forms/figures.ts'
import type { Progress, ScenarioName } from '../simulate/index.ts'
import { scenarios } from '../simulate/index.ts'
import type { Terminal } from './terminal.ts'

/** Between two looks, in ms: more often than a person can read is only work. */
const everyMs = 100
const barWidth = 24

/** Shows how far a simulation is: who is in the world, what share of the run is over, how late it is there. */
export function showProgress(terminal: Terminal, scenario: ScenarioName, policies: number): (now: Progress) => void {
  const labels = new Map<string, string>(scenarios[scenario].rivals.map(({ name, label }) => [name, label]))
  const seen = new Set<string>()
  let shownAt = Number.NEGATIVE_INFINITY
  return ({ policy, share, atMs }) => {
    const now = systemClock.now()
    if (seen.has(policy) && now - shownAt < everyMs) return
    seen.add(policy)
    shownAt = now
    const who = labels.get(policy) ?? 'Breakwater'
    const which = policies > 1 ? ` (${seen.size} of ${policies})` : ''
    terminal.status(
      `${bar(share)} ${who}${which}  ${Math.floor(100 * share)} %  ${inTime(Math.floor(atMs / 1_000) * 1_000)} in its world`,
    )
  }
}

/** `████░░░░` */
export function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * barWidth)
  return '█'.repeat(filled) + '░'.repeat(barWidth - filled)
}
