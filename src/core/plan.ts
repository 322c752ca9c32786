import type { Clock } from './clock.ts'
import type { Guard } from './guard.ts'
import type { Call } from './layer.ts'

/** A guard, and how deep it stands. All of one shape, whatever each can do. */
export interface Step<Req, Res> extends Required<Undefinable<Guard<Req, Res, unknown>>> {
  /** Which of the contexts of a pass is its own. */
  readonly level: number
}

type Undefinable<Members> = { readonly [Name in keyof Members]: Members[Name] | undefined }

/** What a pass goes through. Worked out at the first call, because most are only parts of a longer one. */
export class Plan<Req, Res> {
  readonly clock: Clock
  /** What stands below all steps. */
  base: Call<Req, Res>
  /** How many contexts the steps add. */
  levels = 0
  readonly #guard: Guard<Req, Res, unknown>
  readonly #next: Call<Req, Res>
  #steps: readonly Step<Req, Res>[] | undefined

  constructor(guard: Guard<Req, Res, unknown>, next: Call<Req, Res>, clock: Clock) {
    this.clock = clock
    this.base = next
    this.#guard = guard
    this.#next = next
  }

  /** The guard's own and, where what stands below it is a guard too, those of that. */
  get steps(): readonly Step<Req, Res>[] {
    if (this.#steps !== undefined) return this.#steps
    const steps: Step<Req, Res>[] = []
    for (let plan: Plan<Req, Res> | undefined = this; plan?.clock === this.clock; plan = planOf(plan.#next)) {
      const { wait, enter, below, value, error } = plan.#guard
      steps.push({ wait, enter, below, value, error, level: this.levels })
      if (below) this.levels++
      this.base = plan.#next
    }
    this.#steps = steps
    return steps
  }
}

const plans = new WeakMap<object, Plan<never, unknown>>()

/** What a call goes through that is a pass. */
function planOf<Req, Res>(call: Call<Req, Res>): Plan<Req, Res> | undefined {
  return plans.get(call) as Plan<Req, Res> | undefined
}

/** Says of a call that it is a pass, so that one above it can take its steps over. */
export function rememberPlan<Req, Res>(call: Call<Req, Res>, plan: Plan<Req, Res>): void {
  plans.set(call, plan as Plan<never, unknown>)
}
