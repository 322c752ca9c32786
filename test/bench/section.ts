/** One table of the bench: a name for each row, a heading for each column. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** Whether it is one of those that the package's README shows. */
  readonly inReadme?: boolean
}

/** A figure that must hold, as it was measured in this run. */
export interface Bar {
  readonly what: string
  readonly measured: number
  /** `at most` unless it says otherwise. */
  readonly is?: 'at least' | 'at most'
  readonly bound: number
  readonly unit: string
}

/** A peer that is faster than we are at something, and why. */
export interface FasterPeer {
  readonly peer: string
  readonly at: string
  /** Its cost over ours: 0.5 is half. */
  readonly ratio: number
  readonly why: string
}

/** What one section of the bench found; plain JSON. */
export interface Section {
  readonly name: string
  readonly title: string
  /** How it was measured, in a sentence or two. */
  readonly method: string
  readonly tables: readonly Table[]
  readonly bars: readonly Bar[]
  readonly faster: readonly FasterPeer[]
}

/** Runs one section. `quick` takes few rounds, to see whether it works at all. */
export type RunSection = (options: { readonly quick: boolean }) => Promise<Section>
