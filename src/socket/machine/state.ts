import type { Cause, Loss } from '../classify.ts'
import type { Hint } from '../hint.ts'
import { freshMemory, type Memory, type WaitRules } from './waits.ts'

/** How far an attempt is: let in by the upstream, asked for its URL, dialed, greeted by the session. */
export type Stage = 'admitting' | 'resolving' | 'dialing' | 'negotiating'

export type StateName = 'idle' | 'waiting' | Stage | 'open' | 'rotating' | 'suspended' | 'closing' | 'closed'

/** Why no dial is made although one is due. */
export type Suspension = 'offline' | 'hidden'

/** A connection that is being made. */
interface Attempt {
  readonly generation: number
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
  readonly live: { readonly generation: number; readonly readyAt: number } | undefined
  readonly attempt: Attempt | undefined
  /** When the wait ends, the close handshake is given up, or an open connection rotates; Infinity without any. */
  readonly dueAt: number
  /** While waiting: nobody dials before. */
  readonly floorAt: number
  /** While waiting: whether a late timer has been answered with a new draw. Timers of hidden pages are always late. */
  readonly redrawn: boolean
  /** While closing: how it will have ended. */
  readonly ending: Loss | undefined
  readonly memory: Memory
}

export interface Rules extends WaitRules {
  readonly reconnect: boolean
  /** Losses in a row that are answered with another dial. */
  readonly maxAttempts: number
  /** What a close handshake may take, in ms. */
  readonly closeMs: number
}

/** The world at the moment of an input: nothing in here is looked up. */
export interface Now {
  readonly at: number
  /** From 0 up to 1, for one draw. */
  readonly chance: number
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
  /** Use this connection from now on, and drain the one before it. */
  | { readonly do: 'adopt'; readonly generation: number; readonly before: number | undefined }
  /** Abandon a connection at once. */
  | { readonly do: 'drop'; readonly generation: number; readonly cause: Cause }
  /** Close a connection politely. */
  | { readonly do: 'close'; readonly generation: number; readonly loss: Loss }
  | { readonly do: 'lost'; readonly loss: Loss; readonly willReconnect: boolean }
  | { readonly do: 'wait'; readonly loss: Loss; readonly delayMs: number }
  | { readonly do: 'suspend'; readonly reason: Suspension }
  /** The new connection of a rotation did not come to be; the old one goes on. */
  | { readonly do: 'stay' }

export type Step = readonly [state: State, effects: readonly Effect[]]

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
