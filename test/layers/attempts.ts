import { type Context, stack } from '../../src/core/layer.ts'
import type { Judge, Verdict } from '../../src/core/outcome.ts'
import { type RetryNeeds, type RetryOptions, retry } from '../../src/layers/retry.ts'
import { type Step, script } from '../../src/testing/index.ts'
import type { World } from '../support/world.ts'

/** Values are their own verdicts; an object of its own each, so that identity can be told. */
export interface Answer {
  verdict: Verdict
}

const judge: Judge<string, Answer> = { value: ({ verdict }) => verdict, error: () => 'failure' }

export function answer(verdict: Verdict): Answer {
  return { verdict }
}

interface Scene {
  options?: Partial<RetryOptions>
  needs?: RetryNeeds<string, Answer>
  context?: Partial<Context>
}

/** Starts a call whose waits are half of what they may be; `sentAt` fills with the moments of its attempts. */
export function play(w: World, steps: Step<string, Answer>[], { options, needs, context }: Scene = {}) {
  const sentAt: number[] = []
  const below = script(...steps)
  const call = stack<string, Answer>(
    [retry(options, { judge, ...needs })],
    (request, given) => {
      sentAt.push(w.clock.now())
      return below(request, given)
    },
    w,
  )
  const result = call('request', w.context(context))
  result.catch(() => undefined)
  return { result, below, sentAt }
}
