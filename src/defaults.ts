import { budgetDefaults } from './core/budget.ts'
import { everyDefaults } from './core/every.ts'
import { httpDefaults } from './http/options.ts'
import { httpRetryDefaults } from './http/retry-options.ts'
import { breakerDefaults } from './layers/breaker/index.ts'
import { deadlineDefaults } from './layers/deadline.ts'
import { limitDefaults } from './layers/limit/index.ts'
import { pushbackDefaults } from './layers/pushback.ts'

/** Every default on one page. Each stands beside its option's meaning; here they are only collected. */
export const defaults = {
  client: httpDefaults,
  retry: httpRetryDefaults,
  budget: budgetDefaults,
  breaker: breakerDefaults,
  pushback: pushbackDefaults,
  limit: limitDefaults,
  deadline: deadlineDefaults,
  every: everyDefaults,
}
