import { inTimes } from '../forms/figures.ts'
import { inFull, inNumber, inSeconds } from '../sentence.ts'
import { isSame, type Settings, standard } from './candidates.ts'
import type { Candidate } from './trial.ts'

/** Who is back this much later than the soonest is as good: what he spares the server is worth more. */
const slower = 1.2
/** A difference of attempts that is none. */
const moreAttempts = 1.1
/** A difference of peaks that is none: chance alone makes one of this size in a small fleet. */
const higherPeak = 1.5

/**
 * The best of them: of those that bring 99 % back nearly as soon as the soonest, those with the fewest attempts; of those
 * the ones with the lowest peak; and of those whoever makes a socket that is lost alone wait least. Where none brings the
 * fleet back, the one with the most back.
 */
export function best(candidates: readonly Candidate[], outageMs: number): Candidate | undefined {
  const recovered = candidates.filter(({ t99Ms }) => t99Ms !== null)
  if (recovered.length === 0) return least(candidates, ({ back }) => -back)
  const quick = near(recovered, (candidate) => sinceReturnMs(candidate, outageMs), slower)
  const sparing = near(quick, ({ attemptsPerClient }) => attemptsPerClient, moreAttempts)
  const flat = near(sparing, height, higherPeak)
  return least(flat, (candidate) => candidate.loneWaitMs)
}

/**
 * Of the same settings with another patience the one that holds at a server that takes half as many as was said, too. No
 * more patience than that wants: it is as long as a socket waits for a server that took it and hangs.
 *
 * @param atHalf the settings at half the capacity, one for each patience
 */
export function firmest(
  chosen: Candidate,
  tried: readonly Candidate[],
  atHalf: readonly Candidate[],
  outageMs: number,
): Candidate | undefined {
  if (atHalf.length === 0) return undefined
  const twins = tried.filter(({ windowMs, hint }) => hint === null && windowMs === chosen.windowMs)
  const asGood = near(twins, (twin) => sinceReturnMs(twin, outageMs), slower)
  const slow = (twin: Candidate) => atHalf.find((half) => isSame(half, twin))
  const firm = near(asGood, (twin) => slowMs(slow(twin), outageMs), slower)
  return least(firm, ({ patienceMs }) => patienceMs)
}

function slowMs(candidate: Candidate | undefined, outageMs: number): number {
  return candidate === undefined ? Infinity : sinceReturnMs(candidate, outageMs)
}

/** Why it is the best, beside the defaults, in one sentence. */
export function reason(chosen: Candidate, defaults: Candidate, outageMs: number): string {
  if (chosen.t99Ms === null) {
    return `No setting brings the fleet back in time: at best ${share(chosen.back)} are back when the run ends, so the capacity must grow.`
  }
  if (isSame(chosen, defaults)) {
    return `The defaults do as well as anything else: 99 % are back after ${inSeconds(chosen.t99Ms)} with ${attempts(chosen)}, so there is nothing to change.`
  }
  const what = chosen.hint === null ? written(chosen) : 'A server that says when it wants its clients back'
  const gain = `${what} ${what.includes(' and ') ? 'bring' : 'brings'} 99 % back after ${inSeconds(chosen.t99Ms)} with ${attempts(chosen)} and ${peak(chosen)}`
  return `${gain}; with the defaults ${beside(defaults, chosen, outageMs)}.`
}

function beside(defaults: Candidate, chosen: Candidate, outageMs: number): string {
  const load = `${attempts(defaults)} and ${peak(defaults)}`
  if (defaults.t99Ms === null) return `${share(defaults.back)} are back when the run ends, with ${load}`
  const late = sinceReturnMs(defaults, outageMs) > slower * sinceReturnMs(chosen, outageMs)
  const facts = `${late ? 'it takes' : 'it is'} ${inSeconds(defaults.t99Ms)}, ${load}`
  return `${facts}${defaults.t99Ms < (chosen.t99Ms ?? 0) ? decidedBy(defaults, chosen) : ''}`
}

/** Why the defaults are not chosen though they are sooner. */
function decidedBy(defaults: Candidate, chosen: Candidate): string {
  if (defaults.attemptsPerClient > moreAttempts * chosen.attemptsPerClient) return '; what decided is the attempts'
  return height(defaults) > higherPeak * height(chosen) ? '; what decided is the peak' : ''
}

/** Below the capacity one peak is as good as another. */
function height({ peakOverCapacity }: Candidate): number {
  return Math.max(1, peakOverCapacity)
}

function written({ windowMs, patienceMs }: Settings): string {
  const window = windowMs === standard.windowMs ? '' : `a first window of ${inSeconds(windowMs)}`
  const patience = patienceMs === standard.patienceMs ? '' : `a patience of ${inSeconds(patienceMs)}`
  const both = [window, patience].filter((part) => part !== '').join(' and ')
  return both.charAt(0).toUpperCase() + both.slice(1)
}

function attempts({ attemptsPerClient }: Candidate): string {
  return `${inNumber(attemptsPerClient, 'attempt')} per client`
}

function peak({ peakOverCapacity }: Candidate): string {
  return `a peak of ${inTimes(peakOverCapacity)} × the capacity`
}

function share(back: number): string {
  return `${inFull(100 * back)} %`
}

/** The settings cannot shorten an outage: they are judged by what comes after it. */
export function sinceReturnMs({ t99Ms }: Candidate, outageMs: number): number {
  return t99Ms === null ? Infinity : Math.max(0, t99Ms - outageMs)
}

function near(of: readonly Candidate[], cost: (candidate: Candidate) => number, tolerance: number): Candidate[] {
  const lowest = Math.min(...of.map(cost))
  return of.filter((candidate) => cost(candidate) <= lowest * tolerance)
}

/** The first of those with the least. */
function least(of: readonly Candidate[], cost: (candidate: Candidate) => number): Candidate | undefined {
  return of.reduce<Candidate | undefined>(
    (so, candidate) => (so === undefined || cost(candidate) < cost(so) ? candidate : so),
    undefined,
  )
}
