import { describe, expect, it } from 'vitest'
import { Network } from '../../../src/simulate/network.ts'
import { IdentityProvider } from '../../../src/simulate/servers/identity-provider.ts'
import { outage } from '../../../src/simulate/servers/outage.ts'
import { World } from '../../../src/simulate/world.ts'

/** Ten tokens a second, and 429 beyond a queue of one second; 10 ms away. */
function provider(retryAfterMs = 1_500) {
  const world = new World({ seed: 1 })
  const network = new Network(world, { latencyMs: 10, loss: 0 }, -1)
  const idp = new IdentityProvider(world, network, { capacity: 10, queueMs: 1_000, lifetimeMs: 60_000, retryAfterMs })
  return { world, idp, ask: (init?: RequestInit) => idp.fetch(idp.tokenUrl, { method: 'POST', ...init }) }
}

describe('an identity provider', () => {
  it('answers as RFC 6749 has it, a token of its own for each', async () => {
    const { world, idp, ask } = provider()
    const both = Promise.all([ask(), ask()])
    await world.clock.advance(220)
    const bodies = await Promise.all((await both).map((response) => response.json()))
    expect(bodies).toEqual([
      { access_token: 'token-1', token_type: 'Bearer', expires_in: 60 },
      { access_token: 'token-2', token_type: 'Bearer', expires_in: 60 },
    ])
    expect(idp.issued).toBe(2)
  })

  it('takes 100 ms for each, and sends away who would wait too long, with whole seconds', async () => {
    const { world, idp, ask } = provider()
    const at: number[] = []
    const all = Array.from({ length: 12 }, () =>
      ask().then((response) => {
        at.push(world.clock.now())
        return response
      }),
    )
    await world.clock.advance(5_000)
    const answers = await Promise.all(all)
    // The 11th and 12th come to a queue of a second, and are told at once.
    expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(200), 429, 429])
    expect(answers[11]?.headers.get('retry-after')).toBe('2')
    expect(at.slice(0, 4)).toEqual([20, 20, 120, 220])
    expect(idp).toMatchObject({ issued: 10, refused: 2 })
  })

  it('says nothing of when to come back if it is told so', async () => {
    const { world, ask } = provider(0)
    const all = Array.from({ length: 11 }, () => ask())
    await world.clock.advance(5_000)
    expect((await all[10])?.status).toBe(429)
    expect((await all[10])?.headers.has('retry-after')).toBe(false)
  })

  it('works for clients that have left, and counts that as wasted', async () => {
    const { world, idp, ask } = provider()
    const left = new AbortController()
    const gone = ask({ signal: left.signal })
    const second = ask()
    await world.clock.advance(50)
    left.abort(new Error('no patience'))
    await expect(gone).rejects.toThrow('no patience')
    await world.clock.advance(1_000)
    expect(await (await second).json()).toMatchObject({ access_token: 'token-1' })
    expect(idp.server.wasted).toBe(1)
    expect(idp.issued).toBe(1)
  })

  it('can be out of order in three ways, and is as before after', async () => {
    const { world, idp, ask } = provider()
    const settle = async (ms: number, asked: Promise<Response>) => {
      const seen = asked.then(
        ({ status }) => status,
        (error) => error.message,
      )
      await world.clock.advance(ms)
      return Promise.race([seen, Promise.resolve('nothing')])
    }
    outage(world, idp.server, '503', 1_000)
    expect(await settle(1_000, ask())).toBe(503)
    outage(world, idp.server, 'refusing', 1_000)
    expect(await settle(1_000, ask())).toBe('fetch failed')
    outage(world, idp.server, 'black-hole', 500)
    expect(await settle(500, ask())).toBe('nothing')
    expect(await settle(200, ask())).toBe(200)
  })
})
