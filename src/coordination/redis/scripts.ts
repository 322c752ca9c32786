/**
 * What Redis does for us, each in one step. They are short and rare, a few for each value's life, so they are sent in
 * full: Redis compiles a text once, and there is no NOSCRIPT to handle after a restart.
 *
 * Every script answers with a list of texts, which no protocol version and no type mapping of a client changes.
 *
 * A version has to be new for ever, also on a server that came back with an older snapshot, or a replica that took over
 * before it had heard everything. Both show as another `run_id`, and then a new epoch begins. Where INFO is not allowed,
 * each version gets an epoch of its own.
 */
const runId = `
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
`

/**
 * Tells whoever listens that they should look, and how many they are, so that they can spread. A message that cannot be
 * sent must not undo what was done.
 */
const tell = (channel: string, what: string) => `
local heard = redis.pcall('PUBSUB', 'NUMSUB', ${channel})
local count = type(heard) == 'table' and tonumber(heard[2]) or 0
redis.pcall('PUBLISH', ${channel}, ${what} .. ' ' .. count)
`

/** The time by Redis, in ms since 1970. */
const time = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** KEYS: value. ARGV: the longest body that we take. Gives epoch, number, body and age in ms; nothing; or `large`. */
export const readScript = `${time}
if redis.call('HSTRLEN', KEYS[1], 'body') > tonumber(ARGV[1]) then return {'large'} end
local at = redis.call('HMGET', KEYS[1], 'epoch', 'number', 'body', 'at')
if not at[1] and not at[2] and not at[3] then return {} end
return {at[1] or '', at[2] or '', at[3] or '', string.format('%.0f', now - (tonumber(at[4]) or now))}
`

/** KEYS: value, lease. Gives epoch and number, empty if there is no value, and whether there is a lease. */
export const lookScript = `
local at = redis.call('HMGET', KEYS[1], 'epoch', 'number')
return {at[1] or '', at[2] or '', tostring(redis.call('EXISTS', KEYS[2]))}
`

/**
 * KEYS: value. ARGV: the expected epoch and number, the new ones, the body, its life in ms or nothing, the channel.
 * Gives `done`, `other` (somebody else was first), or `epoch` (the version needs a new one).
 *
 * A client may send a command again when its connection broke before the answer, so what is already there is done.
 */
export const commitScript = `${runId}${time}
local at = redis.call('HMGET', KEYS[1], 'epoch', 'number', 'run')
local epoch, number = at[1] or '', at[2] or ''
if epoch == ARGV[3] and number == ARGV[4] and redis.call('HGET', KEYS[1], 'body') == ARGV[5] then return {'done'} end
if epoch ~= ARGV[1] or number ~= ARGV[2] then return {'other'} end
if epoch == ARGV[3] and (run == '' or at[3] ~= run) then return {'epoch'} end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'number', ARGV[4], 'run', run, 'body', ARGV[5], 'at', string.format('%.0f', now))
if ARGV[6] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
${tell('ARGV[7]', "ARGV[3] .. ':' .. ARGV[4]")}
return {'done'}
`

/**
 * KEYS: lease, count. ARGV: who asks, for how many ms, an epoch in case one is needed, how long to remember the count.
 * Gives epoch and number of the lease, or nothing if somebody else has it. Asked twice by the same one, it is the same.
 */
export const leadScript = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {} end
local at = redis.call('HMGET', KEYS[2], 'epoch', 'number', 'run')
if holder then return {at[1] or '', at[2] or ''} end
${runId}
local epoch, number = ARGV[3], 1
if run ~= '' and at[3] == run then epoch, number = at[1], tonumber(at[2]) + 1 end
redis.call('HSET', KEYS[2], 'epoch', epoch, 'number', number, 'run', run)
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {epoch, string.format('%.0f', number)}
`

/** KEYS: lease. ARGV: who holds it, for how many ms. Gives `1`, or nothing if it is not theirs. */
export const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'1'}
`

/** KEYS: lease. ARGV: who holds it, the channel. Gives `1`, or nothing if it is not theirs. */
export const releaseScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {} end
redis.call('DEL', KEYS[1])
${tell('ARGV[2]', "'free'")}
return {'1'}
`
