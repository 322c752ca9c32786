import { memoryCoordinationDefaults } from './coordination/memory.ts'
import { redisCoordinationDefaults } from './coordination/redis/options.ts'
import { tabsCoordinationDefaults } from './coordination/tabs/options.ts'
import { budgetDefaults } from './core/budget.ts'
import { everyDefaults } from './core/every.ts'
import { httpDefaults } from './http/options.ts'
import { singleFlightDefaults } from './http/request-key.ts'
import { httpRetryDefaults } from './http/retry-options.ts'
import { breakerDefaults } from './layers/breaker/index.ts'
import { chaosDefaults } from './layers/chaos.ts'
import { deadlineDefaults } from './layers/deadline/index.ts'
import { hedgeDefaults } from './layers/hedge/index.ts'
import { limitDefaults } from './layers/limit/index.ts'
import { pushbackDefaults } from './layers/pushback/index.ts'
import { throttleDefaults } from './layers/throttle/index.ts'
import { cacheDefaults } from './refresh/cache/options.ts'
import { tokenSourceDefaults } from './refresh/token-options.ts'
import { heartbeatDefaults } from './socket/heartbeat.ts'
import { jsonSessionDefaults } from './socket/json-session-options.ts'
import { messagesDefaults } from './socket/messages.ts'
import { socketDefaults } from './socket/options.ts'
import { outboxDefaults } from './socket/outbox.ts'

/** Every default on one page. Each stands beside its option's meaning; here they are only collected. */
export const defaults = {
  client: httpDefaults,
  retry: httpRetryDefaults,
  budget: budgetDefaults,
  breaker: breakerDefaults,
  pushback: pushbackDefaults,
  limit: limitDefaults,
  hedge: hedgeDefaults,
  singleFlight: singleFlightDefaults,
  throttle: throttleDefaults,
  token: tokenSourceDefaults,
  cache: cacheDefaults,
  deadline: deadlineDefaults,
  every: everyDefaults,
  memory: memoryCoordinationDefaults,
  redis: redisCoordinationDefaults,
  tabs: tabsCoordinationDefaults,
  chaos: chaosDefaults,
  socket: socketDefaults,
  heartbeat: heartbeatDefaults,
  outbox: outboxDefaults,
  messages: messagesDefaults,
  jsonSession: jsonSessionDefaults,
}
