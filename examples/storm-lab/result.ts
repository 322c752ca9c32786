import type { Curves, PolicyReport, Report } from 'breakwater/simulate'
import { roundSeconds } from './axis.ts'
import { Chart } from './chart.ts'
import { commandOf } from './command.ts'
import { byId, element } from './element.ts'
import { figuresOf } from './figures.ts'
import type { Progress } from './messages.ts'
import { inFull, writeDuration } from './quantity.ts'
import type { Chosen } from './settings.ts'

/** A run's curves while they grow. */
type Growing = { readonly [Name in keyof Curves]: number[] }

/** Everything to the right of the settings. */
export class Result {
  readonly #charts = {
    arrivals: new Chart({ title: 'Arrivals at the server per second', share: false, steps: true }),
    queue: new Chart({ title: 'Waiting at the server', share: false, steps: false }),
    recovered: new Chart({ title: 'Recovered', share: true, steps: false }),
  }
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)')
  #chosen: Chosen | undefined
  #runs = new Map<string, Growing>()
  #capacity: number | undefined
  #boundMs: number | null = null
  #telling = ''
  #due = false

  constructor() {
    byId('charts').append(...Object.values(this.#charts).map((chart) => chart.element))
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      for (const chart of Object.values(this.#charts)) chart.repaint()
    })
  }

  /** A run begins: what was shown is gone. */
  begin(chosen: Chosen): void {
    const { scenario, values, rival } = chosen
    const { capacity } = scenario.complete(values)
    this.#chosen = chosen
    this.#capacity = typeof capacity === 'number' ? capacity : undefined
    this.#boundMs = null
    this.#runs = new Map()
    this.#telling = ''
    byId('figures').replaceChildren()
    byId('keep').hidden = true
    byId('progress').hidden = false
    const policies = rival === '' ? ['breakwater'] : ['breakwater', rival]
    byId('legend').replaceChildren(...policies.map((name) => element('li', { class: whose(name) }, this.#label(name))))
    this.#show('breakwater', 0)
    this.#draw()
  }

  /** Some seconds more. */
  progress({ policy, share, from, curves }: Progress): void {
    const run = this.#runs.get(policy) ?? { arrivals: [], queue: [], recovered: [] }
    this.#runs.set(policy, run)
    for (const name of ['arrivals', 'queue', 'recovered'] as const) run[name].splice(from, Infinity, ...curves[name])
    this.#show(policy, share)
    // A curve that grows is motion: who wants none sees it when it is whole.
    if (!this.#still.matches) this.#soon()
  }

  /** It is being stopped. */
  stopping(): void {
    byId('where').textContent = 'Stopping'
  }

  /** All of it. */
  finish(report: Report): void {
    const all: readonly PolicyReport[] = [report, ...report.compared]
    this.#runs = new Map(all.map(({ policy, curves }) => [policy, curves as Growing]))
    this.#boundMs = report.boundMs
    this.#draw()
    this.#describe(all)
    const early = all.some(({ partial }) => partial) ? 'Stopped early. ' : ''
    this.#say(`${early}${report.summary}`)
    byId('figures').replaceChildren(figuresOf(report))
    this.#keep(report)
  }

  /** Nothing came of it. */
  fail(message: string): void {
    this.#say(message)
  }

  #say(text: string): void {
    byId('progress').hidden = true
    // A number stays beside its unit.
    byId('sentence').textContent = text.replace(/(?<=\d) (?=(?:ms|s|min|h|%|×)(?![a-z]))/g, '\u00a0')
  }

  #show(policy: string, share: number): void {
    const seconds = this.#runs.get(policy)?.queue.length ?? 0
    const label = this.#label(policy)
    // Read out once for each of them, not with every step.
    if (this.#telling !== policy) byId('sentence').textContent = `Running ${label} …`
    this.#telling = policy
    byId<HTMLProgressElement>('share').value = share
    byId('where').textContent =
      seconds === 0 ? `${label}, before the storm` : `${label}, ${writeDuration(seconds * 1_000)} into the storm`
  }

  #label(policy: string): string {
    return this.#chosen?.scenario.rivals.find(({ name }) => name === policy)?.label ?? 'Breakwater'
  }

  #soon(): void {
    if (this.#due) return
    this.#due = true
    requestAnimationFrame(() => {
      this.#due = false
      this.#draw()
    })
  }

  #draw(): void {
    const nothing: Growing = { arrivals: [], queue: [], recovered: [] }
    const ours = this.#runs.get('breakwater') ?? nothing
    const rival = this.#runs.get(this.#chosen?.rival ?? '') ?? nothing
    const seconds = roundSeconds(Math.max(ours.queue.length, rival.queue.length))
    const moment = this.#boundMs === null ? undefined : this.#boundMs / 1_000
    const of = (name: keyof Curves) => ({ ours: ours[name], rival: rival[name], seconds })
    this.#charts.arrivals.draw({ ...of('arrivals'), level: this.#capacity })
    this.#charts.queue.draw(of('queue'))
    this.#charts.recovered.draw({ ...of('recovered'), moment })
  }

  #describe(all: readonly PolicyReport[]): void {
    const each = (words: (report: PolicyReport) => string) =>
      all.map((report) => `${report.label}: ${words(report)}.`).join(' ')
    const most = (values: readonly number[]) => inFull(values.reduce((a, b) => Math.max(a, b), 0))
    this.#charts.arrivals.describe(each(({ curves }) => `at most ${most(curves.arrivals)}`))
    this.#charts.queue.describe(each(({ curves }) => `at most ${most(curves.queue)}`))
    this.#charts.recovered.describe(
      each(({ curves }) => `${inFull(100 * (curves.recovered.at(-1) ?? 0))} % at the end`),
    )
  }

  #keep(report: Report): void {
    byId('save').onclick = () => save(report)
    if (this.#chosen) byId('command').textContent = commandOf(this.#chosen)
    byId('keep').hidden = false
  }
}

function whose(policy: string): string {
  return policy === 'breakwater' ? 'ours' : 'rival'
}

function save(report: Report): void {
  const href = URL.createObjectURL(new Blob([`${JSON.stringify(report, null, 2)}\n`], { type: 'application/json' }))
  element('a', { href, download: `${report.scenario}.json` }).click()
  setTimeout(() => URL.revokeObjectURL(href))
}
