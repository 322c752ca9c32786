import { hintHeaders, readHint } from '../core/retry-after.ts'
import { Gate, heed, pushback } from '../layers/pushback/index.ts'
import type { Refusals } from './transport.ts'

/**
 * What to make of an upgrade that was refused. It comes with a transport that sees one: a browser hides the answer, so
 * no page has to load what reads it.
 */
export const refusals: Refusals = {
  read: (refusal, wallNow) => readHint((name) => refusal.header(name), hintHeaders, wallNow),
  layers(authority, runtime, { read, limit }) {
    const gate = new Gate(undefined, runtime, authority)
    return [pushback({}, { gate }), limit, heed(gate, read)]
  },
}
