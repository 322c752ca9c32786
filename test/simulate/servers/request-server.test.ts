import { describe, expect, it } from 'vitest'
import { Network } from '../../../src/simulate/network.ts'
import { type Answer, RequestServer, type RequestServerOptions } from '../../../src/simulate/servers/request-server.ts'
import { World } from '../../../src/simulate/world.ts'

/** Ten requests a second unless told otherwise, 10 ms away. */
function serve(options: Partial<RequestServerOptions> = {}) {
  const world = new World({ seed: 1 })
  const network = new Network(world, { latencyMs: 10, loss: 0 }, -1)
  const server = new RequestServer(world, network, { perSecond: 10, ...options }, -2)
  const heard: (Answer & { atMs: number })[] = []
  const ask = () => server.ask((answer) => heard.push({ ...answer, atMs: Math.round(world.clock.now()) }))
  return { world, server, ask, heard }
}

describe('a server of requests', () => {
  it('serves one after another, each in its time', async () => {
    const { world, server, ask, heard } = serve()
    for (let count = 0; count < 3; count++) ask()
    await world.clock.advance(50)
    expect(server.queued).toBe(3)
    await world.clock.advance(1_000)
    expect(heard.map(({ status, atMs }) => [status, atMs])).toEqual([
      [200, 120],
      [200, 220],
      [200, 320],
    ])
    expect([server.queued, server.wasted]).toEqual([0, 0])
  })

  it('does not notice who has left: the work is done, and wasted', async () => {
    const { world, server, ask, heard } = serve()
    const leave = ask()
    ask()
    await world.clock.advance(50)
    leave()
    await world.clock.advance(1_000)
    expect(heard.map(({ atMs }) => atMs)).toEqual([220])
    expect(server.wasted).toBe(1)
  })

  it('goes on after a freeze where it was, and at half speed takes twice as long', async () => {
    const { world, server, ask, heard } = serve()
    ask()
    await world.clock.advance(60)
    server.speed = 0
    ask()
    await world.clock.advance(5_000)
    expect(heard).toEqual([])
    server.speed = 0.5
    await world.clock.advance(1_000)
    // 50 of the first 100 ms were done.
    expect(heard.map(({ atMs }) => atMs)).toEqual([5_170, 5_370])
  })

  it('breaks what is open when it crashes, refuses while it is down, and forgets what waited', async () => {
    const { world, server, ask, heard } = serve()
    ask()
    ask()
    await world.clock.advance(50)
    server.crash()
    ask()
    await world.clock.advance(50)
    expect(heard.map(({ status, atMs }) => [status, atMs])).toEqual([
      [0, 60],
      [0, 60],
      [0, 70],
    ])
    server.reach = 'open'
    ask()
    await world.clock.advance(1_000)
    expect(heard.at(-1)).toEqual({ status: 200, atMs: 220 })
    expect(server.wasted).toBe(0)
  })

  it('hears what comes through a black hole when the kernel repeats it, unless its client has left', async () => {
    const { world, server, ask, heard } = serve()
    server.reach = 'black-hole'
    ask()
    ask()()
    await world.clock.advance(2_000)
    server.reach = 'open'
    await world.clock.advance(2_000)
    expect(heard).toEqual([{ status: 200, atMs: 3_120 }])
    server.reach = 'black-hole'
    const askedAt = world.clock.now()
    ask()
    await world.clock.advance(200_000)
    // As Linux: the last SYN goes after 63 s and is waited for 64 s more.
    expect(heard.at(-1)).toEqual({ status: 0, atMs: askedAt + 127_000 + 20 })
  })

  it('sheds at once beyond its queue, for a twentieth of the cost', async () => {
    const { world, ask, heard } = serve({ shedsBeyondMs: 200, shed: { status: 503, retryAfterMs: 1_500 } })
    for (let count = 0; count < 4; count++) ask()
    await world.clock.advance(1_000)
    expect(heard.map(({ status, atMs }) => [status, atMs])).toEqual([
      [503, 20],
      [503, 20],
      [200, 120],
      [200, 220],
    ])
    ask()
    // The two that were shed had cost 5 ms each, behind the others.
    await world.clock.advance(1_000)
    expect(heard.at(-1)).toEqual({ status: 200, atMs: 1_000 + 120 })
  })

  it('serves whoever finds nobody before him, though nobody may wait', async () => {
    const { world, ask, heard } = serve({ shedsBeyondMs: 0 })
    for (let count = 0; count < 2; count++) ask()
    await world.clock.advance(1_000)
    expect(heard.map(({ status, atMs }) => [status, atMs])).toEqual([
      [503, 20],
      [200, 120],
    ])
  })

  it('turns nobody away while it is frozen, but reads them all when it thaws', async () => {
    const { world, server, ask, heard } = serve({ shedsBeyondMs: 200 })
    server.speed = 0
    for (let count = 0; count < 5; count++) ask()
    await world.clock.advance(5_000)
    expect(heard).toEqual([])
    expect(server.queued).toBe(5)
    server.speed = 1
    await world.clock.advance(1_000)
    expect(heard.map(({ status }) => status)).toEqual([503, 503, 503, 200, 200])
  })

  it('answers all with what it is told to', async () => {
    const { world, server, ask, heard } = serve()
    server.turnsAwayWith = () => ({ status: 429, retryAfterMs: 3_000 - world.clock.now() })
    ask()
    await world.clock.advance(1_000)
    expect(heard).toEqual([{ status: 429, retryAfterMs: 2_990, atMs: 20 }])
  })

  it('fails a share of requests at once, and they cost nothing', async () => {
    const { world, ask, heard } = serve({ perSecond: 100_000, errors: 0.25 })
    for (let count = 0; count < 1_000; count++) ask()
    await world.clock.advance(10_000)
    const failed = heard.filter(({ status }) => status === 500)
    expect(failed.length).toBeGreaterThan(200)
    expect(failed.length).toBeLessThan(300)
    expect(new Set(failed.map(({ atMs }) => atMs))).toEqual(new Set([20]))
  })

  it('has as many workers on as many machines as it is given, with times of their own', async () => {
    const { world, ask, heard } = serve({ machines: 2, workers: 2, serviceMs: () => 100 })
    for (let count = 0; count < 8; count++) ask()
    await world.clock.advance(2_000)
    const first = heard.filter(({ atMs }) => atMs === 120).length
    expect(first).toBe(4)
    expect(heard).toHaveLength(8)
  })
})

describe('its fetch', () => {
  it('is that of the platform: an answer with its headers, or fetch failed', async () => {
    const { world, server } = serve()
    const served = server.send('http://server.test/')
    await world.clock.advance(200)
    expect(await served).toMatchObject({ status: 200, ok: true, body: null })
    server.turnsAwayWith = () => ({ status: 503, retryAfterMs: 1_001 })
    const shed = server.send('http://server.test/')
    await world.clock.advance(200)
    expect((await shed).headers.get('retry-after')).toBe('2')
    server.crash()
    const broken = server.send('http://server.test/')
    const caught = expect(broken).rejects.toThrow(new TypeError('fetch failed'))
    await world.clock.advance(200)
    await caught
  })

  it('ends at once with the reason of its signal, before or during', async () => {
    const { world, server } = serve()
    const reason = new Error('enough')
    await expect(server.send('http://server.test/', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(server.queued).toBe(0)
    const controller = new AbortController()
    const sent = server.send('http://server.test/', { signal: controller.signal })
    await world.clock.advance(50)
    const caught = expect(sent).rejects.toBe(reason)
    controller.abort(reason)
    await caught
    await world.clock.advance(200)
    expect(server.wasted).toBe(1)
  })

  it('is told of every request, also of one that never arrives', async () => {
    const { world, server, ask } = serve()
    let requests = 0
    server.onRequest = () => requests++
    server.reach = 'black-hole'
    ask()()
    await world.clock.advance(10)
    expect(requests).toBe(1)
  })
})
