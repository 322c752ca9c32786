import type { Loss } from '../classify.ts'
import { dropped, livedThrough, lost } from './losing.ts'
import type { Effect, Now, Rules, State, Step } from './state.ts'
import { hiddenWindowMs } from './waits.ts'

const nothing: readonly Effect[] = []

/** Nothing was wrong with the server. */
export const ourOwn: Loss = { cause: 'local', code: 1006, reason: '', wasClean: false }

/** A new draw over a smaller window above the same floor: never at once, and never together with others. */
export function redraw(state: State, now: Now, rules: Rules): Step {
  const { local } = rules.first
  return drawAgain(state, now, now.hidden ? Math.max(local, hiddenWindowMs) : local)
}

function drawAgain(state: State, now: Now, widest: number): Step {
  const from = Math.max(now.at, state.floorAt)
  // What is left of the wait, where that is less; an overdue one has the whole window.
  const left = state.dueAt > from ? Math.min(state.dueAt - from, widest) : widest
  const dueAt = from + now.chance * left
  return [{ ...state, name: 'waiting', dueAt, redrawn: true }, [{ do: 'wait', loss: ourOwn, delayMs: dueAt - now.at }]]
}

/** The page or the network is not what it was. */
export function world(state: State, network: boolean, now: Now, rules: Rules): Step {
  const { attempt, live, name } = state
  if (!rules.reconnect || live) return [state, nothing]
  if (attempt) {
    if (!network) return [state, nothing]
    // Dialed over a network that is no more.
    return lost(state, attempt.generation, { ...ourOwn, failed: true }, now, rules)
  }
  if (name !== 'waiting' && name !== 'suspended') return [state, nothing]
  // A page that is looked away from has nothing to hurry for.
  if (now.blocked === undefined && now.hidden && name === 'waiting') return [state, nothing]
  if (now.blocked === undefined) return redraw(state, now, rules)
  if (name === 'suspended') return [state, nothing]
  return [{ ...state, name: 'suspended', dueAt: Infinity }, [{ do: 'suspend', reason: now.blocked }]]
}

/** Somebody wants a new connection, whatever there is. */
export function reconnect(state: State, now: Now, rules: Rules): Step {
  const { live, attempt, name } = state
  if (name === 'idle' || name === 'closing') return [state, nothing]
  const effects: Effect[] = []
  if (attempt) effects.push(dropped(attempt, 'local'))
  if (live) {
    const loss: Loss = { cause: 'local', code: 1000, reason: '', wasClean: true }
    effects.push({ do: 'close', generation: live.generation, loss }, { do: 'lost', loss, willReconnect: true })
  }
  const lived = livedThrough(state, now, rules)
  // Whoever begins anew after the end has all tries again; what was learned of the server stays.
  const memory = name === 'closed' ? { ...lived, failures: 0, triedAuth: false } : lived
  const bare: State = { ...state, live: undefined, attempt: undefined, dueAt: Infinity, floorAt: -Infinity, memory }
  const [next, more] = drawAgain(bare, now, rules.first.local)
  return [{ ...next, redrawn: false }, [...effects, ...more]]
}
