import { BreakwaterError } from '../../core/error.ts'

/** The time was up. */
export class DeadlineError extends BreakwaterError {
  static readonly code = 'deadline'
  override readonly name = 'DeadlineError'
  /** Whose patience ended: the caller's for the whole call, or ours for one attempt. */
  readonly scope: 'call' | 'attempt'
  readonly limitMs: number

  constructor(scope: 'call' | 'attempt', limitMs: number) {
    super('deadline', `${scope === 'call' ? 'the call' : 'an attempt'} took longer than ${limitMs} ms`)
    this.scope = scope
    this.limitMs = limitMs
  }
}
