import { failedDial, ourOwn, parting } from '../classify.ts'
import { livedThrough, lost } from './losing.ts'
import { drops, type Now, type Rules, type State, type Step, suspend } from './state.ts'
import { hiddenWindowMs } from './waits.ts'

/** A new draw over a smaller window above the same floor: never at once, and never together with others. */
export function redraw(state: State, now: Now, rules: Rules): Step {
  const { local } = rules.firstWindowMs
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
export function world(state: State, network: boolean, now: Now, rules: Rules): Step | undefined {
  const { attempt, live, name } = state
  if (!rules.reconnect || live) return undefined
  // Dialed over a network that is no more.
  if (attempt) return network ? lost(state, attempt.generation, failedDial('local'), now, rules) : undefined
  const waits = name === 'waiting'
  if (!waits && name !== 'suspended') return undefined
  if (now.blocked) return waits ? suspend(state, now.blocked) : undefined
  // A page that is looked away from has nothing to hurry for.
  return waits && now.hidden ? undefined : redraw(state, now, rules)
}

/** Somebody wants a new connection, whatever there is. */
export function reconnect(state: State, now: Now, rules: Rules): Step | undefined {
  const { live, attempt, name } = state
  if (name === 'idle' || name === 'closing') return undefined
  const effects = drops('local', attempt)
  if (live) effects.push({ do: 'close', loss: parting }, { do: 'lost', loss: parting, willReconnect: true })
  const lived = livedThrough(state, now, rules)
  // Whoever begins anew after the end has all tries again; what was learned of the server stays.
  const memory = name === 'closed' ? { ...lived, failures: 0, triedAuth: false } : lived
  const bare: State = { ...state, live: undefined, attempt: undefined, dueAt: Infinity, floorAt: -Infinity, memory }
  const [next, more] = drawAgain(bare, now, rules.firstWindowMs.local)
  return [{ ...next, redrawn: false }, [...effects, ...more]]
}
