import type { Context } from './layer.ts'

/** Nothing goes up from here: it has gone up before. */
export const halted: unique symbol = Symbol('breakwater.halted')

/** What an end gives in place of what came up: nothing, what is to come instead, or `halted`. */
export type Instead<Res> = Promise<Res> | typeof halted | undefined

/**
 * A layer that does something before and after a call and lets it pass once. Of its functions it has those that it needs,
 * and what they throw goes up; what `value` throws comes by its own `error` first. `now` is the clock's time, read once
 * for all who are passed at the same moment.
 */
export interface Guard<Req, Res, Mark = undefined> {
  /** Holds the call back until it settles; undefined lets it pass at once. */
  wait?(request: Req, context: Context, now: number): Promise<void> | undefined
  /** The call goes down. What is returned is given back to the ends. */
  enter?(request: Req, context: Context, now: number, passing: Passing, at: number): Mark
  /** The context of those below, where it differs. */
  below?(mark: Mark): Context
  /** A value comes up. */
  value?(value: Res, request: Req, context: Context, mark: Mark, now: number): Instead<Res>
  /** An error comes up. */
  error?(error: unknown, request: Req, context: Context, mark: Mark, now: number): Instead<Res>
}

/** A call that passes. */
export interface Passing {
  /**
   * Sends an error up from the guard at this step, while the call is still under way below: that guard must have a context
   * of its own, and give `halted` for whatever comes up later.
   */
  cut(at: number, error: unknown): void
}

/** A context that can be spread. */
export function contextOf(context: Context & { asContext?(): Context }): Context {
  return context.asContext?.() ?? context
}
