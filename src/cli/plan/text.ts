import { inTimes } from '../../simulate/forms/figures.ts'
import type { Candidate, Plan } from '../../simulate/index.ts'
import { inFull, inNumber, inSeconds } from '../../simulate/sentence.ts'
import { columnsInBlocks } from '../table.ts'
import { hang } from '../usage.ts'
import { clientCode, serverCode } from './code.ts'

/** A plan for a person: the sentence first, then the figures, then what to write. */
export function planText(plan: Plan, columns: number): string {
  const { defaults, recommended, withoutHint } = plan
  const parts = [hang('', plan.why, columns), outcomes(plan, columns), hang('', setting(plan), columns)]
  if (defaults && recommended && withoutHint) parts.push(advice(plan, recommended, withoutHint, columns))
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function outcomes(plan: Plan, columns: number): string {
  const { request, defaults, recommended, withoutHint, tried, atHalf, partial } = plan
  const rows: [string, Candidate][] = []
  const add = (name: string, candidate: Candidate | null | undefined) => {
    if (candidate && !rows.some(([, shown]) => shown === candidate)) rows.push([name, candidate])
  }
  if (partial) for (const candidate of tried) add(named(candidate), candidate)
  add('the defaults', defaults)
  add(
    'with a hint',
    tried.find(({ hint }) => hint !== null),
  )
  if (withoutHint) add(named(withoutHint), withoutHint)
  if (withoutHint) {
    const half = inFull(request.capacity / 2)
    for (const candidate of atHalf) add(`${named(candidate)}, at only ${half}/s`, candidate)
  }
  if (rows.length === 0) return ''
  const names = rows.map(([name, candidate]) => `${candidate === recommended ? '→' : ' '} ${name}`)
  const figures: [string, (candidate: Candidate) => string][] = [
    ['99 % back', (candidate) => time(candidate.t99Ms, candidate)],
    ['all back', (candidate) => time(candidate.tAllMs, candidate)],
    ['attempts', ({ attemptsPerClient }) => inFull(attemptsPerClient)],
    ['peak', ({ peakOverCapacity }) => `${inTimes(peakOverCapacity)} ×`],
    ['lost alone', ({ loneWaitMs }) => inSeconds(loneWaitMs)],
  ]
  const cells = figures.map(([title, cell]) => [title, ...rows.map(([, candidate]) => cell(candidate))])
  return columnsInBlocks(['', ...names], cells, columns)
}

function setting({ request, simulated, boundMs }: Plan): string {
  const { clients, capacity, outageMs, server, backlog } = request
  const away = outageMs > 0 ? `, away for ${inSeconds(outageMs)}` : ''
  const queue = server === 'fifo' ? 'all that come wait in one queue' : `${inFull(backlog)} may wait`
  const bound = `${inNumber(clients, 'socket')}, ${inNumber(capacity, 'handshake')} per second (${queue})${away}: nothing brings all back before ${inSeconds(boundMs)}.`
  const legend =
    'Attempts are dials per client, peak is the busiest second against the capacity, and lost alone is what one socket waits on average that is lost without the others.'
  return `${bound} ${legend} ${scaling(simulated, clients)}`.trim()
}

function scaling({ clients, capacity, scaled }: Plan['simulated'], of: number): string {
  if (!scaled) return ''
  return `Simulated with ${inNumber(clients, 'socket')} at ${inNumber(capacity, 'handshake')} per second, which is the same per client; only peaks are a little higher in a small fleet, by chance. --fleet ${of} simulates all.`
}

function advice(plan: Plan, recommended: Candidate, withoutHint: Candidate, columns: number): string {
  const hinted = recommended.hint !== null
  const parts: string[] = []
  if (hinted) {
    const where =
      'On the server, in the reason of the close frame, code 1012, when it drains, and in the welcome of its session, so that a crash is covered too:'
    parts.push(`${hang('', where, columns)}\n  ${serverCode(plan)}`)
    parts.push(`On the clients of that server:\n  ${clientCode(recommended)}`)
  }
  if (withoutHint !== plan.defaults) {
    const lead = hinted ? 'On clients whose server says nothing:' : 'On the clients:'
    const price = `Its price: a socket that is lost alone waits ${inSeconds(withoutHint.loneWaitMs)} on average, instead of ${inSeconds(plan.defaults?.loneWaitMs ?? 0)}.`
    const dear = withoutHint.loneWaitMs > (plan.defaults?.loneWaitMs ?? 0) ? `\n  ${price}` : ''
    parts.push(`${lead}\n  ${clientCode(withoutHint)}${dear}`)
  } else if (!hinted) parts.push(`On the clients:\n  ${clientCode(withoutHint)}`)
  parts.push(hang('', http(plan), columns))
  return parts.join('\n\n')
}

/** Handshakes say nothing about calls, so what is said of them is what the defaults bound. */
function http({ budget, extraAttempts, request }: Plan): string {
  const { initial, perSuccess } = budget
  return `HTTP clients: leave the retry budget as it is. These figures are about handshakes and say nothing of your calls; the default (${inNumber(initial, 'token')} to begin with, ${perSuccess} per success) means at most ${inNumber(extraAttempts, 'extra attempt')} of ${inNumber(request.clients, 'client')} while nothing succeeds, then none. breakwater simulate retry tries it with your calls.`
}

function named({ hint, windowMs, patienceMs }: Candidate): string {
  return hint === null ? `window ${inSeconds(windowMs)}, patience ${inSeconds(patienceMs)}` : 'with a hint'
}

function time(ms: number | null, { runMs }: Candidate): string {
  return ms === null ? `not in ${inSeconds(runMs)}` : inSeconds(ms)
}
