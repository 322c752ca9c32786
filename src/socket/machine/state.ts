import type { Cause, Loss } from '../classify.ts'
import type { Hint } from '../hint.ts'
import { freshMemory, type Memory, type WaitRules } from './waits.ts'

/** A close handshake may take this long, in ms; data that is still being sent gives it more. */
export const closeMs = 5_000

/** How far an attempt is: let in by the upstream, asked for its URL, dialed, greeted by the session. */
export type Stage = 'admitting' | 'resolving' | 'dialing' | 'negotiating'

export type StateName = 'idle' | 'waiting' | Stage | 'open' | 'rotating' | 'suspended' | 'closing' | 'closed'

/** Why no dial is made although one is due. */
export type Suspension = 'offline' | 'hidden'

interface Numbered {
  readonly generation: number
}

/** A connection that is being made. */
interface Attempt extends Numbered {
  readonly stage: Stage
  /** When its patience ends; Infinity while it waits to be let in. */
  readonly endsAt: number
  /** When TCP and TLS must stand; Infinity before the dial, and once they do. */
  readonly transportAt: number
}

export interface State {
  readonly name: StateName
  /** The number given to the last attempt. Whatever comes with an older one comes too late. */
  readonly generation: number
  /** The connection in use, and since when. */
  readonly live: (Numbered & { readonly readyAt: number }) | undefined
  readonly attempt: Attempt | undefined
  /** When the wait ends, the close handshake is given up, or an open connection rotates; Infinity without any. */
  readonly dueAt: number
  /** While waiting: nobody dials before. */
  readonly floorAt: number
  /** While waiting: whether a late timer has been answered with a new draw. Timers of hidden pages are always late. */
  readonly redrawn: boolean
  /** While closing: how it will have ended. */
  readonly ending: Loss | undefined
  /** While closing: what was left to send when it was last given time, in bytes; a number takes more room than none. */
  readonly unsent?: number | undefined
  readonly memory: Memory
}

export interface Rules extends WaitRules {
  /** Losses in a row that are answered with another dial. */
  readonly maxAttempts: number
}

/** The world at the moment of an input: nothing in here is looked up. */
export interface Now {
  readonly at: number
  /** From 0 up to 1, for one draw. */
  readonly chance: number
  /** Bytes that the connection in use has not sent yet. */
  readonly unsent: number
  readonly hidden: boolean
  /** Why dialing is pointless now, if it is. */
  readonly blocked: Suspension | undefined
}

export type Progress = 'admitted' | 'resolved' | 'transport' | 'opened' | 'ready'

export type Input =
  | { readonly type: 'connect' }
  /** The moment of `deadlineOf` has come, or `lateMs` ago had. */
  | { readonly type: 'due'; readonly lateMs: number }
  | { readonly type: Progress; readonly generation: number }
  | { readonly type: 'lost'; readonly generation: number; readonly loss: Loss }
  /** The server said when to come back; with `drain`, that it is about to leave. */
  | { readonly type: 'hint'; readonly generation: number; readonly hint: Hint; readonly drain: boolean }
  /** What the page or the machine told: another network, or that it was or is not looked at. */
  | { readonly type: 'world'; readonly network: boolean }
  | { readonly type: 'reconnect' }
  | { readonly type: 'rotate' }
  | { readonly type: 'close'; readonly loss: Loss }

/** What the machine wants done, in this order. */
export type Effect =
  /** Begin an attempt: ask the upstream, then the URL, then dial. */
  | { readonly do: 'begin'; readonly generation: number }
  /** Use the connection that this began from now on, and drain the one before it. */
  | { readonly do: 'adopt' }
  /** Abandon a connection at once. */
  | { readonly do: 'drop'; readonly generation: number; readonly cause: Cause }
  /** Close the connection in use politely. */
  | { readonly do: 'close'; readonly loss: Loss }
  | { readonly do: 'lost'; readonly loss: Loss; readonly willReconnect: boolean }
  | { readonly do: 'wait'; readonly loss: Loss; readonly delayMs: number }
  | { readonly do: 'suspend'; readonly reason: Suspension }
  /** The new connection of a rotation did not come to be; the old one goes on. */
  | { readonly do: 'stay' }

export type Step = readonly [state: State, effects: readonly Effect[]]

/** Gives up those of them that are there. */
export function drops(cause: Cause, ...which: readonly (Numbered | undefined)[]): Effect[] {
  return which.flatMap((each) => (each ? [{ do: 'drop', generation: each.generation, cause }] : []))
}

/** Waits for the world and not for a moment. */
export function suspend(state: State, reason: Suspension, told: readonly Effect[] = []): Step {
  return [{ ...state, name: 'suspended', dueAt: Infinity }, [...told, { do: 'suspend', reason }]]
}

export function initialState(rules: Rules): State {
  return {
    name: 'idle',
    generation: 0,
    live: undefined,
    attempt: undefined,
    dueAt: Infinity,
    floorAt: -Infinity,
    redrawn: false,
    ending: undefined,
    memory: freshMemory(rules, false),
  }
}

/** The one moment at which something happens without anybody's doing: the only timer that a socket's machine needs. */
export function deadlineOf({ dueAt, attempt }: State): number {
  return attempt === undefined ? dueAt : Math.min(dueAt, attempt.endsAt, attempt.transportAt)
}
