import type { Curves, Report, ScenarioOptions } from 'breakwater/simulate'

/** What the page tells the worker. */
export type Order = { readonly kind: 'run'; readonly options: ScenarioOptions } | { readonly kind: 'stop' }

/** How far a run is. */
export interface Progress {
  readonly kind: 'progress'
  readonly policy: string
  /** From 0 to 1. */
  readonly share: number
  /** The second with which `curves` goes on: what came before was told before. */
  readonly from: number
  readonly curves: Curves
}

/** What the worker tells the page. */
export type News =
  | Progress
  | { readonly kind: 'report'; readonly report: Report }
  /** A parameter that cannot be: `reconnect.capacity`. */
  | { readonly kind: 'refused'; readonly option: string; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }
