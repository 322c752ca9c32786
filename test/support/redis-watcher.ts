// A process that watches, leads and waits for nothing more: it has to end by itself once its own client is closed.
import { redisCoordination } from '../../src/coordination/redis/index.ts'
import { clients } from './redis-clients.ts'

const [kind = '', url = ''] = process.argv.slice(2)
const opened = await clients[kind]?.(url)
if (opened === undefined) throw new Error(`there is no client ${kind}`)
const coordination = redisCoordination({ client: opened.client, leaseMs: 60_000 })
coordination.watch('key', () => {})
await coordination.tryLead('key')
await coordination.awaitChange('key', undefined, { timeoutMs: 200 })
opened.end()
process.send?.('done')
process.disconnect?.()
