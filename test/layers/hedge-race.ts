import { type Call, type Context, stack } from '../../src/core/layer.ts'
import { type Judge, plainJudge, type Verdict } from '../../src/core/outcome.ts'
import { type HedgeNeeds, type HedgeOptions, Hedger, hedge } from '../../src/layers/hedge/index.ts'
import { type Script, type Step, script } from '../../src/testing/index.ts'
import type { World } from '../support/world.ts'

export interface Answer {
  readonly name: string
  readonly verdict: Verdict
}

const judge: Judge<string, Answer> = { value: ({ verdict }) => verdict, error: plainJudge.error }

/** An answer after so many ms; a deaf server does not notice an abort. */
export function takes(
  w: World,
  ms: number,
  name: string,
  how: 'heeds' | 'deaf' = 'heeds',
  given: Partial<Answer> = {},
): Call<string, Answer> {
  return async (_request, { signal }) => {
    await w.clock.sleep(ms, how === 'heeds' ? signal : undefined)
    return { name, verdict: 'success', ...given }
  }
}

export function failing(w: World, ms: number, error: unknown): Call<string, Answer> {
  return async (_request, { signal }) => {
    await w.clock.sleep(ms, signal)
    throw error
  }
}

/** A hedger that knows its server: calls take 10 ms, and a hedge is sent after 20. */
export function warm(options: Partial<HedgeOptions> = {}): Hedger {
  const hedger = new Hedger({ delayMs: 20, ...options })
  for (let call = 0; call < hedger.options.minSamples; call++) hedger.observe(10)
  return hedger
}

interface RaceOptions {
  options?: Partial<HedgeOptions>
  needs?: HedgeNeeds<string, Answer>
  context?: Partial<Context>
  hedger?: Hedger
}

/** One call through the layer, whose copies get these answers in turn. */
export function race(w: World, steps: Step<string, Answer>[], { options, needs, context, hedger }: RaceOptions = {}) {
  const below: Script<string, Answer> = script<string, Answer>(...steps)
  const known = hedger ?? warm(options)
  const controller = new AbortController()
  const freed: string[] = []
  const layer = hedge<string, Answer>(
    {},
    {
      judge,
      hedgerOf: () => known,
      discard: ({ name }) => freed.push(name),
      label: () => ({ upstream: 'api.example:443' }),
      ...needs,
    },
  )
  const result = stack([layer], below, w)('request', w.context({ signal: controller.signal, ...context }))
  const seen: { value?: Answer; error?: unknown } = {}
  result.then(
    (value) => Object.assign(seen, { value }),
    (error) => Object.assign(seen, { error }),
  )
  return { below, result, freed, controller, seen, hedger: known }
}
