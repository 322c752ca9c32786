import { BreakwaterError } from '../core/error.ts'

/** Why a place that is shared could not be used. */
export type CoordinationTrouble = 'unreachable' | 'late' | 'refused' | 'invalid' | 'too-large' | 'unsealed'

const said: Readonly<Record<CoordinationTrouble, string>> = {
  unreachable: 'cannot be reached',
  late: 'did not answer in time',
  refused: 'refused the command',
  invalid: 'answered what it should not',
  'too-large': 'would hold, or holds, a value larger than 1 MiB',
  unsealed: 'holds a value that none of our keys opens, or that stands where it was not written',
}

/**
 * A place that values are shared through could not be used. What that means is for the caller to say: see `Store`. It
 * holds nothing of what its cause says beyond one word, because clients attach commands, and values with them, to their errors.
 */
export class CoordinationError extends BreakwaterError {
  static readonly code = 'coordination'
  override readonly name = 'CoordinationError'
  readonly trouble: CoordinationTrouble

  /** @param word the first word of a refusal, such as OOM or READONLY */
  constructor(place: string, trouble: CoordinationTrouble, word?: string) {
    super('coordination', `${place} ${said[trouble]}${word === undefined ? '' : ` (${word})`}`)
    this.trouble = trouble
  }
}
