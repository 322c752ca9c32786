import { type Clock, systemClock } from './clock.ts'
import { type Random, systemRandom } from './random.ts'

/** An event as it is given to `emit`: a dotted name and plain figures. */
export interface RuntimeEvent {
  readonly type: string
}

/**
 * What a stack needs from the world: time, chance, and somewhere to tell what happened. It is handed in when a stack is
 * built and never looked up, so that a simulation or a test moves all three.
 */
export interface Runtime {
  readonly clock: Clock
  readonly random: Random
  /** Absent when nobody listens: then no event object is built. It may come and go, so ask for it each time. */
  emit?: ((event: RuntimeEvent) => void) | undefined
}

/** The platform's clock and randomness, or what is given instead of them. */
export function createRuntime(given: Partial<Runtime> = {}): Runtime {
  return {
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
    emit: given.emit,
  }
}

/** A whole runtime as it is, so that an ear which comes later is heard; a part of one is made whole. */
export function runtimeOf(given: Partial<Runtime> | undefined): Runtime {
  return given?.clock && given.random ? (given as Runtime) : createRuntime(given)
}
