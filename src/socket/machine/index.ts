import type { Loss } from '../classify.ts'
import { dropped, end, livedThrough, lost } from './losing.ts'
import type { Effect, Input, Now, Progress, Rules, Stage, State, Step } from './state.ts'
import { drawMove } from './waits.ts'
import { ourOwn, reconnect, redraw, world } from './waking.ts'

export {
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

const nothing: readonly Effect[] = []
const ranOut: Loss = { cause: 'timeout', code: 1006, reason: '', wasClean: false, failed: true }

/** Each step of an attempt, and the stage in which it may come. */
const stageBefore: Readonly<Record<Progress, Stage>> = {
  admitted: 'admitting',
  resolved: 'resolving',
  transport: 'dialing',
  opened: 'dialing',
  ready: 'negotiating',
}

/** What follows from an input: the next state, and what is to be done about it. No clock, no chance, no I/O. */
export function step(state: State, input: Input, now: Now, rules: Rules): Step {
  switch (input.type) {
    case 'connect':
      return state.name === 'idle' ? dial(state, now) : [state, nothing]
    case 'due':
      return due(state, input.lateMs > sleptMs, now, rules)
    case 'lost':
      return lost(state, input.generation, input.loss, now, rules)
    case 'hint':
      return hinted(state, input, now, rules)
    case 'world':
      return world(state, input.network, now, rules)
    case 'rotate':
      return state.name === 'open' ? begin(state) : [state, nothing]
    case 'reconnect':
      return reconnect(state, now, rules)
    case 'close':
      return close(state, input.loss, now, rules)
    default:
      return advance(state, input.type, input.generation, now, rules)
  }
}

function dial(state: State, now: Now): Step {
  if (now.blocked === undefined) return begin(state)
  return [{ ...state, name: 'suspended', dueAt: Infinity }, [{ do: 'suspend', reason: now.blocked }]]
}

function begin(state: State): Step {
  const generation = state.generation + 1
  const attempt = { generation, stage: 'admitting', endsAt: Infinity, transportAt: Infinity } as const
  const name = state.live ? 'rotating' : 'admitting'
  return [{ ...state, name, generation, attempt, dueAt: Infinity }, [{ do: 'begin', generation }]]
}

function advance(state: State, progress: Progress, generation: number, now: Now, rules: Rules): Step {
  const { attempt, memory } = state
  if (attempt?.generation !== generation || attempt.stage !== stageBefore[progress]) return [state, nothing]
  if (progress === 'ready') {
    const live = { generation, readyAt: now.at }
    // The short patience was for somebody who waits for the page.
    const lived = livedThrough(state, now, rules)
    const patienceMs = Math.max(lived.patienceMs, rules.patienceMs)
    const adopted: State = { ...state, name: 'open', live, attempt: undefined, memory: { ...lived, patienceMs } }
    return [adopted, [{ do: 'adopt', generation, before: state.live?.generation }]]
  }
  let next = { ...attempt, transportAt: Infinity }
  // One patience for all that follows, the URL and the session included.
  if (progress === 'admitted') next = { ...next, stage: 'resolving', endsAt: now.at + memory.patienceMs }
  else if (progress === 'resolved') next = { ...next, stage: 'dialing', transportAt: now.at + memory.transportMs }
  else if (progress === 'opened') next = { ...next, stage: 'negotiating' }
  return [{ ...state, name: state.live ? 'rotating' : next.stage, attempt: next }, nothing]
}

function due(state: State, slept: boolean, now: Now, rules: Rules): Step {
  const { attempt } = state
  if (attempt && now.at >= Math.min(attempt.endsAt, attempt.transportAt)) {
    // Who slept was not kept waiting.
    return lost(state, attempt.generation, slept ? ourOwn : ranOut, now, rules)
  }
  if (now.at < state.dueAt) return [state, nothing]
  // A connection that is to move while nobody may dial stays until it is lost.
  if (state.name === 'open') return now.blocked === undefined ? begin(state) : [{ ...state, dueAt: Infinity }, nothing]
  if (state.name === 'waiting') return slept && !state.redrawn ? redraw(state, now, rules) : dial(state, now)
  return state.name === 'closing' ? end(state, state.ending ?? ourOwn) : [state, nothing]
}

function hinted(state: State, { generation, hint, drain }: Input & { type: 'hint' }, now: Now, rules: Rules): Step {
  const { attempt, live, memory, name } = state
  if (generation !== live?.generation && generation !== attempt?.generation) return [state, nothing]
  const known: State = { ...state, memory: { ...memory, hint } }
  if (!drain || name !== 'open') return [known, nothing]
  return [{ ...known, dueAt: now.at + drawMove(hint, rules, now.chance) }, nothing]
}

function close(state: State, loss: Loss, now: Now, rules: Rules): Step {
  const { attempt, live, name } = state
  if (name === 'closing' || name === 'closed') return [state, nothing]
  const effects: Effect[] = attempt ? [dropped(attempt, 'local')] : []
  if (live) effects.push({ do: 'close', generation: live.generation, loss })
  // As the standard has it: a socket that is closed while it connects has failed to connect.
  const connects = attempt !== undefined || (name === 'idle' && !rules.reconnect)
  const ending: Loss = live ? { ...ourOwn } : connects ? { ...ourOwn, failed: true } : loss
  const dueAt = live ? now.at + rules.closeMs : now.at
  return [{ ...state, name: 'closing', attempt: undefined, ending, dueAt }, effects]
}
