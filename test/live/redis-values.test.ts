import { randomBytes, randomUUID } from 'node:crypto'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EncryptOptions, redisCoordination } from '../../src/coordination/redis/index.ts'
import { redisKeys } from '../../src/coordination/redis/keys.ts'
import { commitScript, leadScript } from '../../src/coordination/redis/scripts.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { redis } from '../support/services.ts'

const secret = 'canary-7f3a'
const kept = (value: string, expected?: { epoch: string; number: number }) => ({
  value,
  expected,
  expiresInMs: Infinity,
})

/** What a coordination uses of a client, to change a part of it. */
function clientLike(client: ReturnType<typeof createClient>) {
  return {
    isReady: true,
    eval: (script: string, options: { keys: string[]; arguments: string[] }) => client.eval(script, options),
    duplicate: () => client.duplicate(),
  }
}

describe.skipIf(redis.path === undefined)('values in a real Redis', () => {
  let server: RedisServer
  let client: ReturnType<typeof createClient>

  beforeAll(async () => {
    server = await startRedis()
    client = createClient({ url: server.url })
    client.on('error', () => {})
    await client.connect()
  })
  afterAll(async () => {
    client?.destroy()
    await server?.stop()
  })

  const member = (prefix: string, encrypt?: EncryptOptions) => redisCoordination({ client, prefix, encrypt })
  const fresh = (encrypt?: EncryptOptions) => {
    const prefix = randomUUID()
    const nameOf = (key: string) => redisKeys(prefix, key).value
    return { prefix, nameOf, coordination: member(prefix, encrypt) }
  }
  const unsealed = { code: 'coordination', trouble: 'unsealed' }

  describe('sealed', () => {
    const key = randomBytes(32)

    it('are nowhere in the clear, and come back to the letter', async () => {
      const { coordination, nameOf } = fresh({ key })
      const version = await coordination.commit('k', kept(secret))
      expect(JSON.stringify(await client.hGetAll(nameOf('k')))).not.toContain(secret)
      expect(JSON.stringify(await client.hGetAll(nameOf('k')))).not.toContain(btoa(secret).slice(2, 10))
      expect(await coordination.read('k')).toMatchObject({ value: secret, version })
      const long = 'ü🌊'.repeat(50_000)
      await coordination.commit('k', kept(long, version))
      expect((await coordination.read('k'))?.value).toBe(long)
    })

    it('never look the same twice', async () => {
      const { coordination, nameOf } = fresh({ key })
      await coordination.commit('a', kept(secret))
      await coordination.commit('b', kept(secret))
      const [a, b] = await Promise.all([client.hGet(nameOf('a'), 'body'), client.hGet(nameOf('b'), 'body')])
      expect(a?.slice(0, 17)).not.toBe(b?.slice(0, 17))
    })

    it('open only where they were written: not under another key, nor as another version', async () => {
      const { coordination, nameOf } = fresh({ key })
      const first = await coordination.commit('a', kept('old'))
      const old = await client.hGetAll(nameOf('a'))
      await coordination.commit('a', kept('new', first))
      // An old body in the place of a newer one.
      await client.hSet(nameOf('a'), 'body', old.body ?? '')
      await expect(coordination.read('a')).rejects.toMatchObject(unsealed)
      // Another key's, with its own version.
      await client.hSet(nameOf('b'), old)
      await expect(coordination.read('b')).rejects.toMatchObject(unsealed)
      // The same place with a number that was counted up.
      await client.hSet(nameOf('a'), { ...old, number: '9' })
      await expect(coordination.read('a')).rejects.toMatchObject(unsealed)
      await client.hSet(nameOf('a'), old)
      expect((await coordination.read('a'))?.value).toBe('old')
    })

    it('open with no other key, and not under another prefix', async () => {
      const { coordination, prefix, nameOf } = fresh({ key })
      await coordination.commit('k', kept(secret))
      await expect(member(prefix, { key: randomBytes(32) }).read('k')).rejects.toMatchObject(unsealed)
      await expect(member(prefix).read('k')).rejects.toMatchObject(unsealed)
      const elsewhere = fresh({ key })
      await client.hSet(elsewhere.nameOf('k'), await client.hGetAll(nameOf('k')))
      await expect(elsewhere.coordination.read('k')).rejects.toMatchObject(unsealed)
    })

    it('open with a previous key, and are sealed with the current one', async () => {
      const next = randomBytes(32)
      const { coordination, prefix } = fresh({ key })
      const version = await coordination.commit('k', kept(secret))
      const rotated = member(prefix, { key: next, previousKeys: [randomBytes(32), key] })
      expect((await rotated.read('k'))?.value).toBe(secret)
      await rotated.commit('k', kept(secret, version))
      expect((await member(prefix, { key: next }).read('k'))?.value).toBe(secret)
      await expect(coordination.read('k')).rejects.toMatchObject(unsealed)
    })

    it('are not taken where the seal was left off, or broken', async () => {
      const { coordination, nameOf } = fresh({ key })
      await coordination.commit('k', kept(secret))
      const body = (await client.hGet(nameOf('k'), 'body')) ?? ''
      for (const forged of [`p${secret}`, secret, '', 's', `s${'A'.repeat(16)}`, `${body.slice(0, -4)}AAAA`, 's%%%']) {
        await client.hSet(nameOf('k'), 'body', forged)
        await expect(coordination.read('k')).rejects.toMatchObject(unsealed)
      }
    })
  })

  it('are no larger than 1 MiB, on the way in and on the way out', async () => {
    const { coordination, nameOf } = fresh()
    const large = { code: 'coordination', trouble: 'too-large' }
    await expect(coordination.commit('k', kept('x'.repeat(2 ** 20)))).rejects.toMatchObject(large)
    await expect(coordination.commit('k', kept('ü'.repeat(2 ** 19)))).rejects.toMatchObject(large)
    expect(await coordination.read('k')).toBeUndefined()
    const most = await coordination.commit('k', kept('x'.repeat(2 ** 20 - 1)))
    expect(most).toBeDefined()
    await client.hSet(nameOf('k'), 'body', `p${'x'.repeat(2 ** 20)}`)
    await expect(coordination.read('k')).rejects.toMatchObject(large)
  })

  it.each<[what: string, fields: Record<string, string>]>([
    ['without a version', { body: 'p1' }],
    ['without a body', { epoch: 'e', number: '1' }],
    ['with a number that is none', { epoch: 'e', number: '1e3', body: 'p1' }],
    ['with a number that no version has', { epoch: 'e', number: '99999999999999999', body: 'p1' }],
    ['with an epoch that is none', { epoch: 'e e', number: '1', body: 'p1' }],
  ])('are not taken %s', async (_what, fields) => {
    const { coordination, nameOf } = fresh()
    await client.hSet(nameOf('k'), fields)
    await expect(coordination.read('k')).rejects.toMatchObject({ code: 'coordination' })
  })

  it('are not taken from a key of another kind', async () => {
    const { coordination, nameOf } = fresh()
    await client.set(nameOf('k'), 'a text')
    const refused = { code: 'coordination', trouble: 'refused', message: expect.stringContaining('WRONGTYPE') }
    await expect(coordination.read('k')).rejects.toMatchObject(refused)
    await expect(coordination.commit('k', kept('1'))).rejects.toMatchObject(refused)
  })

  it.each(['', 'x'.repeat(513), '\ud800'])('have a key that can be one', async (key) => {
    await expect(fresh().coordination.read(key)).rejects.toMatchObject({ code: 'options' })
  })

  it('leave nothing behind when their time is over', async () => {
    const { coordination, prefix } = fresh()
    await coordination.commit('k', { ...kept('1'), expiresInMs: 50 })
    await (await coordination.tryLead('k'))?.release()
    await expect.poll(() => client.keys(`${prefix}*`)).toEqual([redisKeys(prefix, 'k').count])
    expect(await client.pTTL(redisKeys(prefix, 'k').count)).toBeGreaterThan(0)
  })

  it('are written once, and led by one, however often a client sends the command', async () => {
    const { nameOf, prefix } = fresh()
    const keys = redisKeys(prefix, 'k')
    const write = ['', '', 'e', '1', 'pbody', '', keys.channel]
    const commit = () => client.eval(commitScript, { keys: [nameOf('k')], arguments: write })
    expect([await commit(), await commit()]).toEqual([['done'], ['done']])
    const other = ['', '', 'f', '1', 'pbody', '', keys.channel]
    expect(await client.eval(commitScript, { keys: [nameOf('k')], arguments: other })).toEqual(['other'])
    const lead = (who: string) =>
      client.eval(leadScript, { keys: [keys.lease, keys.count], arguments: [who, '1000', randomUUID(), '1000'] })
    const first = await lead('a')
    expect([await lead('a'), await lead('b')]).toEqual([first, []])
  })

  it('are led by somebody else at once when the answer to a lease is lost', async () => {
    const { prefix } = fresh()
    const deaf = {
      ...clientLike(client),
      eval: async (script: string, options: { keys: string[]; arguments: string[] }) => {
        const reply = await client.eval(script, options)
        if (script === leadScript) throw Object.assign(new Error('ECONNRESET'), { code: 'ECONNRESET' })
        return reply
      },
    }
    const cut = redisCoordination({ client: deaf, prefix })
    await expect(cut.tryLead('k')).rejects.toMatchObject({ trouble: 'unreachable' })
    await expect.poll(() => member(prefix).tryLead('k'), { timeout: 1_000 }).toBeDefined()
    await cut.close()
  })

  it('get new versions where Redis does not say which run it is', async () => {
    const { prefix } = fresh()
    await client.sendCommand(['ACL', 'SETUSER', 'app', 'on', '>pass', '~*', '&*', '+@all', '-@dangerous'])
    const app = createClient({ url: server.url, username: 'app', password: 'pass' })
    await app.connect()
    const coordination = redisCoordination({ client: app, prefix })
    const epochs = new Set<string>()
    let version: { epoch: string; number: number } | undefined
    for (let round = 0; round < 3; round++) {
      version = await coordination.commit('k', kept(String(round), version))
      const lease = await coordination.tryLead('k')
      epochs.add(version?.epoch ?? 'none').add(lease?.version.epoch ?? 'none')
      await lease?.release()
    }
    expect(epochs.size).toBe(6)
    expect((await coordination.read('k'))?.value).toBe('2')
    await coordination.close()
    app.destroy()
  })
})
