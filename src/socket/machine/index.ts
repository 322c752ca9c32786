import { failedDial, type Loss, ourOwn } from '../classify.ts'
import { end, livedThrough, lost } from './losing.ts'
import {
  closeMs,
  drops,
  type Input,
  type Now,
  type Progress,
  type Rules,
  type Stage,
  type State,
  type Step,
  suspend,
} from './state.ts'
import { drawMove } from './waits.ts'
import { reconnect, redraw, world } from './waking.ts'

export {
  closeMs,
  deadlineOf,
  type Effect,
  type Input,
  initialState,
  type Now,
  type Progress,
  type Rules,
  type State,
  type StateName,
  type Step,
  type Suspension,
} from './state.ts'
export type { FirstWindows } from './waits.ts'

/** A timer that comes later than this says that the machine slept, in ms. */
const sleptMs = 2_000

const ranOut = failedDial('timeout')

/** Each step of an attempt: the stage in which it may come, and the one that it leads to. */
const stages: Readonly<Record<Exclude<Progress, 'ready'>, readonly [before: Stage, after: Stage]>> = {
  admitted: ['admitting', 'resolving'],
  resolved: ['resolving', 'dialing'],
  transport: ['dialing', 'dialing'],
  opened: ['dialing', 'negotiating'],
}

/** What follows from an input: the next state, and what is to be done about it. No clock, no chance, no I/O. */
export function step(state: State, input: Input, now: Now, rules: Rules): Step {
  return follow(state, input, now, rules) ?? [state, []]
}

/** Undefined where nothing follows. */
function follow(state: State, input: Input, now: Now, rules: Rules): Step | undefined {
  const { name } = state
  switch (input.type) {
    case 'connect':
      return name === 'idle' ? dial(state, now) : undefined
    case 'due':
      return due(state, input.lateMs > sleptMs, now, rules)
    case 'lost':
      return lost(state, input.generation, input.loss, now, rules)
    case 'hint':
      return hinted(state, input, now, rules)
    case 'world':
      return world(state, input.network, now, rules)
    case 'rotate':
      return name === 'open' ? begin(state) : undefined
    case 'reconnect':
      return reconnect(state, now, rules)
    case 'close':
      return close(state, input.loss, now, rules)
    case 'ready':
      return ready(state, input.generation, now, rules)
    default:
      return advance(state, input.type, input.generation, now)
  }
}

function dial(state: State, now: Now): Step {
  return now.blocked ? suspend(state, now.blocked) : begin(state)
}

function begin(state: State): Step {
  const generation = state.generation + 1
  const attempt = { generation, stage: 'admitting', endsAt: Infinity, transportAt: Infinity } as const
  const name = state.live ? 'rotating' : 'admitting'
  return [{ ...state, name, generation, attempt, dueAt: Infinity }, [{ do: 'begin', generation }]]
}

function advance(state: State, progress: keyof typeof stages, generation: number, now: Now): Step | undefined {
  const { attempt, live, memory } = state
  const [before, stage] = stages[progress]
  if (attempt?.generation !== generation || attempt.stage !== before) return undefined
  const next = {
    ...attempt,
    stage,
    // One patience for all that follows, the URL and the session included.
    endsAt: progress === 'admitted' ? now.at + memory.patienceMs : attempt.endsAt,
    transportAt: progress === 'resolved' ? now.at + memory.transportMs : Infinity,
  }
  return [{ ...state, name: live ? 'rotating' : stage, attempt: next }, []]
}

function ready(state: State, generation: number, now: Now, rules: Rules): Step | undefined {
  const { attempt } = state
  if (attempt?.generation !== generation || attempt.stage !== 'negotiating') return undefined
  const lived = livedThrough(state, now, rules)
  // The short patience was for somebody who waits for the page.
  const memory = { ...lived, patienceMs: Math.max(lived.patienceMs, rules.patienceMs) }
  const live = { generation, readyAt: now.at }
  return [{ ...state, name: 'open', live, attempt: undefined, memory }, [{ do: 'adopt' }]]
}

function due(state: State, slept: boolean, now: Now, rules: Rules): Step | undefined {
  const { attempt, name } = state
  if (attempt && now.at >= Math.min(attempt.endsAt, attempt.transportAt)) {
    // Who slept was not kept waiting.
    return lost(state, attempt.generation, slept ? ourOwn : ranOut, now, rules)
  }
  if (now.at < state.dueAt) return undefined
  if (name === 'waiting') return slept && !state.redrawn ? redraw(state, now, rules) : dial(state, now)
  if (name === 'closing') {
    const { unsent } = now
    // What was sent before the close is still on its way out, and gets the same time again.
    if (unsent > 0 && unsent < (state.unsent ?? Infinity)) return [{ ...state, dueAt: now.at + closeMs, unsent }, []]
    return end(state, state.ending ?? ourOwn)
  }
  if (name !== 'open') return undefined
  // A connection that is to move while nobody may dial stays until it is lost.
  return now.blocked ? [{ ...state, dueAt: Infinity }, []] : begin(state)
}

function hinted(
  state: State,
  { generation, hint, drain }: Input & { type: 'hint' },
  now: Now,
  rules: Rules,
): Step | undefined {
  const { attempt, live, memory, name, dueAt } = state
  if (generation !== live?.generation && generation !== attempt?.generation) return undefined
  const moveAt = drain && name === 'open' ? now.at + drawMove(hint, rules, now.chance) : dueAt
  return [{ ...state, memory: { ...memory, hint }, dueAt: moveAt }, []]
}

function close(state: State, loss: Loss, now: Now, rules: Rules): Step | undefined {
  const { attempt, live, name } = state
  if (name === 'closing' || name === 'closed') return undefined
  const effects = drops('local', attempt)
  if (live) effects.push({ do: 'close', loss })
  // As the standard has it: a socket that is closed while it connects has failed to connect.
  const connects = attempt || (name === 'idle' && !rules.reconnect)
  const ending = live ? ourOwn : connects ? failedDial('local') : loss
  const dueAt = live ? now.at + closeMs : now.at
  return [{ ...state, name: 'closing', attempt: undefined, ending, dueAt, unsent: undefined }, effects]
}
