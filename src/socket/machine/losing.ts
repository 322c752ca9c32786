import type { Loss } from '../classify.ts'
import { drops, type Effect, type Now, type Rules, type State, type Step, suspend } from './state.ts'
import { drawWait, freshMemory, isProven, learn, type Memory } from './waits.ts'

/** A connection ended, or an attempt became none. */
export function lost(state: State, generation: number, loss: Loss, now: Now, rules: Rules): Step | undefined {
  const { live, attempt, name, dueAt } = state
  if (live?.generation === generation) {
    if (name === 'closing') return end(state, loss)
    const memory = livedThrough(state, now, rules)
    const left: State = { ...state, live: undefined, memory }
    // A rotation was on its way: it goes on as the dial that is needed now.
    if (attempt && !isFinal(left, loss, rules)) {
      return [{ ...left, name: attempt.stage, memory: learn(memory, loss, rules, false) }, [tell(loss, true)]]
    }
    if (dueAt === Infinity || loss.hint) return recover(left, loss, now, rules)
    // The server had given us a moment before it left. It was drawn already, and is not to be moved, unless connections
    // do not last or nobody looks.
    const slot = { afterMs: Math.max(1, dueAt - now.at), withinMs: 0 }
    const isDrawn = memory.failures === 0 && !now.hidden
    return recover(left, { ...loss, hint: slot }, isDrawn ? { ...now, chance: 0 } : now, rules)
  }
  if (attempt?.generation !== generation) return undefined
  if (live) return [{ ...state, attempt: undefined, name: 'open' }, [...drops(loss.cause, attempt), { do: 'stay' }]]
  return recover(state, loss, now, rules)
}

/** What is remembered when the connection in use is given up: nothing, if it lived long enough. */
export function livedThrough({ live, memory }: State, now: Now, rules: Rules): Memory {
  return live && isProven(now.at - live.readyAt, memory, rules) ? freshMemory(rules, true, memory.hint) : memory
}

function isFinal({ memory }: State, { cause }: Loss, rules: Rules): boolean {
  if (!rules.reconnect || cause === 'fatal') return true
  if (cause === 'held') return false
  return (cause === 'auth' && memory.triedAuth) || memory.failures >= rules.maxAttempts
}

/** Without a connection: ends for good, waits, or is suspended. */
function recover(state: State, loss: Loss, now: Now, rules: Rules): Step {
  if (isFinal(state, loss, rules)) return end(state, loss)
  const { attempt, memory: before } = state
  // Which of the two patiences ran out, if one did.
  const inTransport = attempt !== undefined && attempt.transportAt < attempt.endsAt
  const memory = learn(before, loss, rules, inTransport)
  const told = drops(loss.cause, attempt)
  if (loss.cause !== 'held') told.push(tell(loss, true))
  const { floorMs, delayMs } = drawWait(loss, memory, before, rules, now.hidden, now.chance)
  const waiting: State = {
    ...state,
    name: 'waiting',
    attempt: undefined,
    memory,
    dueAt: now.at + delayMs,
    floorAt: now.at + floorMs,
    redrawn: false,
  }
  return now.blocked ? suspend(waiting, now.blocked, told) : [waiting, [...told, { do: 'wait', loss, delayMs }]]
}

function tell(loss: Loss, willReconnect: boolean): Effect {
  return { do: 'lost', loss, willReconnect }
}

export function end(state: State, loss: Loss): Step {
  const { attempt, live } = state
  const closed: State = {
    ...state,
    name: 'closed',
    live: undefined,
    attempt: undefined,
    ending: undefined,
    dueAt: Infinity,
  }
  return [closed, [...drops(loss.cause, attempt, live), tell(loss, false)]]
}
