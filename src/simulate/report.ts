/** What came of one policy in one scenario. A time is `null` where the moment never came; no figure is `Infinity`. */
export interface Figures {
  /** From the beginning of the trouble until half of the fleet had recovered, in ms. */
  readonly t50Ms: number | null
  readonly t99Ms: number | null
  readonly tAllMs: number | null
  /** No policy could have brought all back sooner, in ms. */
  readonly boundMs: number | null
  /** Arrivals at the server in the busiest second, seconds counted from the beginning of the trouble. */
  readonly peakPerSecond: number
  /** The same as a multiple of what the server can do. */
  readonly peakOverCapacity: number
  /** Arrivals per client since the trouble began. */
  readonly attemptsPerClient: number
  /** Attempts per piece of work that somebody wanted: 1 is a fleet that asks once for each. */
  readonly amplification: number
  /** Pieces of work that the server did for clients that had left. */
  readonly wasted: number
  /** Share of the wanted work that failed for good, or was not done in time, from 0 to 1. */
  readonly goodputLost: number
  /** The longest that anybody waited, in ms. */
  readonly worstWaitMs: number | null
}

/** The run as curves: one value for each second since the trouble began. */
export interface Curves {
  /** What came to the server in that second. */
  readonly arrivals: readonly number[]
  /** What waited at the server at its end. */
  readonly queue: readonly number[]
  /** The share that had recovered, or of what was wanted in that second the share that came to be, from 0 to 1. */
  readonly recovered: readonly number[]
}

/** One policy's run. */
export interface PolicyReport extends Figures {
  /** `breakwater`, or the name of a rival. */
  readonly policy: string
  /** The policy with its version, for a person. */
  readonly label: string
  /** Whether it was ended before its time: then its figures are those until then. */
  readonly partial: boolean
  /** Figures that only this scenario has, by name. */
  readonly details: Readonly<Record<string, number | null>>
  readonly curves: Curves
}

/** What a scenario does to a fleet. The same parameters and seed give the same report, byte for byte as JSON. */
export interface Report extends PolicyReport {
  readonly scenario: string
  /** The scenario, for a person. */
  readonly title: string
  /** Everything that was set, defaults included. */
  readonly parameters: Readonly<Record<string, number | string | boolean>>
  /** What happened, in a sentence or two. */
  readonly summary: string
  /** Others in the same world, in the order in which they were asked for. */
  readonly compared: readonly PolicyReport[]
}
