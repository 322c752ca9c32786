import type { Coordination } from '../coordination/coordination.ts'
import { object, type Rule } from '../core/options.ts'

// Apart from the rules of a token source, so that a cache does not bring those along.

/** What every coordination has. */
const members = ['read', 'commit', 'watch', 'tryLead', 'awaitChange', 'close'] as const

export const coordinationRule: Rule = {
  wants: `a coordination (${members.join(', ')})`,
  holds: (value) => object.holds(value) && members.every((name) => typeof (value as Coordination)[name] === 'function'),
}
