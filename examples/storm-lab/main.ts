// The page: what is chosen on the left is run in a worker, and what comes of it is shown on the right.
import { read, write } from './address.ts'
import { byId } from './element.ts'
import { optionsOf } from './lab-scenario.ts'
import type { News } from './messages.ts'
import { Result } from './result.ts'
import { Runner } from './runner.ts'
import { Settings } from './settings.ts'

const run = byId<HTMLButtonElement>('run')
const stop = byId<HTMLButtonElement>('stop')
const result = new Result()
const runner = new Runner(hear)
const settings = new Settings(addressSoon)
let addressTimer = 0

byId<HTMLFormElement>('settings').onsubmit = (event) => {
  event.preventDefault()
  if (settings.complain()) return
  const { chosen } = settings
  runner.start(optionsOf(chosen.scenario, chosen.values, chosen.rival))
  result.begin(chosen)
  swap(run, stop)
  // On a phone the curves are below the settings.
  if (matchMedia('(max-width: 52rem)').matches) byId('result').scrollIntoView()
}
stop.onclick = () => {
  runner.stop()
  result.stopping()
}
byId('reset').onclick = () => settings.show(settings.chosen.scenario.name)
window.onhashchange = showAddress
showAddress()

function showAddress(): void {
  const { scenario, values, rival } = read(location.hash)
  settings.show(scenario, values, rival)
}

/** Browsers refuse an address that changes with every step of a slider. */
function addressSoon(): void {
  clearTimeout(addressTimer)
  addressTimer = window.setTimeout(() => history.replaceState(null, '', write(settings.chosen)), 250)
}

function hear(news: News): void {
  if (news.kind === 'progress') {
    result.progress(news)
    return
  }
  swap(stop, run)
  if (news.kind === 'report') result.finish(news.report)
  else if (news.kind === 'refused' && settings.refuse(news)) result.fail('Nothing was run.')
  else result.fail(news.message)
}

/** One button in the place of another; the focus stays in that place. */
function swap(from: HTMLButtonElement, to: HTMLButtonElement): void {
  const focused = document.activeElement === from
  to.hidden = false
  from.hidden = true
  if (focused) to.focus()
}
