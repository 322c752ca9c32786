import type { Cause, Loss } from '../classify.ts'
import type { Effect, Now, Rules, State, Step } from './state.ts'
import { drawWait, freshMemory, isProven, learn, type Memory } from './waits.ts'

const nothing: readonly Effect[] = []

/** A connection ended, or an attempt became none. */
export function lost(state: State, generation: number, loss: Loss, now: Now, rules: Rules): Step {
  const { live, attempt, name } = state
  if (live?.generation === generation) {
    if (name === 'closing') return end(state, loss)
    const lived = livedThrough(state, now, rules)
    const left: State = { ...state, live: undefined, memory: lived }
    // The server had given us a moment before it left.
    const slot =
      state.dueAt < Infinity && !loss.hint ? { afterMs: Math.max(1, state.dueAt - now.at), withinMs: 0 } : loss.hint
    if (attempt === undefined || isFinal(left, loss, rules)) {
      // That moment was drawn already, and not to be moved, unless connections do not last or nobody looks.
      const isDrawn = slot !== loss.hint && lived.failures === 0 && !now.hidden
      return recover(left, { ...loss, hint: slot }, isDrawn ? { ...now, chance: 0 } : now, rules)
    }
    // A rotation was on its way: it goes on as the dial that is needed now.
    return [
      { ...left, name: attempt.stage, memory: learn(lived, loss, rules, false) },
      [{ do: 'lost', loss, willReconnect: true }],
    ]
  }
  if (attempt?.generation !== generation) return [state, nothing]
  const without: State = { ...state, attempt: undefined }
  const drop = dropped(attempt, loss.cause)
  if (live) return [{ ...without, name: 'open' }, [drop, { do: 'stay' }]]
  // Which of the two patiences ran out, if one did.
  const inTransport = attempt.transportAt < attempt.endsAt
  const [next, effects] = recover(without, loss, now, rules, inTransport)
  return [next, [drop, ...effects]]
}

/** What is remembered when the connection in use is given up: nothing, if it lived long enough. */
export function livedThrough({ live, memory }: State, now: Now, rules: Rules): Memory {
  const proven = live !== undefined && isProven(now.at - live.readyAt, memory, rules)
  return proven ? freshMemory(rules, true, memory.hint) : memory
}

function isFinal({ memory }: State, { cause }: Loss, rules: Rules): boolean {
  if (!rules.reconnect || cause === 'fatal') return true
  if (cause === 'held') return false
  return (cause === 'auth' && memory.triedAuth) || memory.failures >= rules.maxAttempts
}

/** Without a connection, and without an attempt: ends for good, waits, or is suspended. */
function recover(state: State, loss: Loss, now: Now, rules: Rules, inTransport = false): Step {
  if (isFinal(state, loss, rules)) {
    const [closed, effects] = end({ ...state, live: undefined }, loss)
    return state.attempt ? [closed, [dropped(state.attempt, loss.cause), ...effects]] : [closed, effects]
  }
  const memory = learn(state.memory, loss, rules, inTransport)
  const told: readonly Effect[] = loss.cause === 'held' ? nothing : [{ do: 'lost', loss, willReconnect: true }]
  const { floorMs, delayMs } = drawWait(loss, memory, state.memory, rules, now.hidden, now.chance)
  const waiting: State = {
    ...state,
    name: 'waiting',
    memory,
    dueAt: now.at + delayMs,
    floorAt: now.at + floorMs,
    redrawn: false,
  }
  if (now.blocked === undefined) return [waiting, [...told, { do: 'wait', loss, delayMs }]]
  return [{ ...waiting, name: 'suspended', dueAt: Infinity }, [...told, { do: 'suspend', reason: now.blocked }]]
}

export function dropped({ generation }: { readonly generation: number }, cause: Cause): Effect {
  return { do: 'drop', generation, cause }
}

export function end(state: State, loss: Loss): Step {
  const drop: readonly Effect[] = state.live ? [dropped(state.live, loss.cause)] : nothing
  const closed: State = {
    ...state,
    name: 'closed',
    live: undefined,
    attempt: undefined,
    ending: undefined,
    dueAt: Infinity,
  }
  return [closed, [...drop, { do: 'lost', loss, willReconnect: false }]]
}
