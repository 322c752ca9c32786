import { onAbort } from '../../core/abort.ts'
import type { Context } from '../../core/layer.ts'
import type { Verdict } from '../../core/outcome.ts'

export type Finish<Res> = { readonly value: Res } | { readonly error: unknown }

/** A lane is a copy; 0 is the primary. */
interface RaceRules<Res> {
  send: (context: Context) => Promise<Res>
  judge: (ending: Finish<Res>, lane: number) => Verdict
  discard?: ((value: Res) => void) | undefined
  linger?: ((value: Res, release: () => void) => void) | undefined
  /** The race is decided. */
  over: (ending: Finish<Res>, lane: number, verdict: Verdict) => void
}

/**
 * Several copies of one call, of which the first good answer counts. An answer that is no success waits for those still
 * running; the last one decides.
 */
export class Race<Res> {
  readonly #context: Context
  readonly #rules: RaceRules<Res>
  readonly #running = new Map<number, AbortController>()
  readonly #unlink: () => void
  #lanes = 0
  #winner: AbortController | undefined
  #decided = false
  /** No further copy may be sent. */
  closed = false

  constructor(context: Context, rules: RaceRules<Res>) {
    this.#context = context
    this.#rules = rules
    this.#unlink = onAbort(context.signal, () => {
      for (const controller of this.#running.values()) controller.abort(context.signal.reason)
      this.#winner?.abort(context.signal.reason)
      if (!this.#decided) this.#decide({ error: context.signal.reason }, 0, 'neutral')
    })
  }

  /** Copies sent so far. */
  get started(): number {
    return this.#lanes
  }

  start(): void {
    if (this.#decided) return
    const lane = this.#lanes++
    const controller = new AbortController()
    this.#running.set(lane, controller)
    this.#rules.send({ ...this.#context, signal: controller.signal }).then(
      (value) => this.#finish(lane, { value }),
      (error) => this.#finish(lane, { error }),
    )
  }

  #finish(lane: number, ending: Finish<Res>): void {
    const controller = this.#running.get(lane)
    this.#running.delete(lane)
    if (this.#decided) {
      if ('value' in ending) this.#rules.discard?.(ending.value)
      return
    }
    const verdict = this.#rules.judge(ending, lane)
    if (verdict !== 'success') {
      // A server that pushes back must not be asked again, and one that fails is the business of retry.
      this.closed = true
      if (this.#running.size > 0) {
        if ('value' in ending) this.#rules.discard?.(ending.value)
        return
      }
    }
    this.#winner = controller
    this.#decide(ending, lane, verdict)
  }

  #decide(ending: Finish<Res>, lane: number, verdict: Verdict): void {
    this.#decided = true
    this.closed = true
    this.#rules.over(ending, lane, verdict)
    for (const loser of this.#running.values()) loser.abort(new Error('another copy of this call was faster'))
    this.#running.clear()
    if ('value' in ending && this.#rules.linger) this.#rules.linger(ending.value, this.#unlink)
    else this.#unlink()
  }
}
