import { describe, expect, it } from 'vitest'
import { attemptsOf, ClosedError, createClient, OptionsError } from '../src/index.ts'
import { hang, make, ok, url } from './support/client.ts'

describe('close', () => {
  it('refuses what comes later, and tells who is asked', async () => {
    const { client } = make()
    await client.close()
    const error = await client.fetch(url).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ClosedError)
    expect(error).toMatchObject({ code: 'closed' })
    expect(attemptsOf(error)).toEqual([])
    await expect(client.http.get(url)).rejects.toBeInstanceOf(ClosedError)
  })

  it('lets what is under way end, and then resolves', async () => {
    let answer: (response: Response) => void = () => {}
    const { client, clock } = make(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const call = client.fetch(url)
    let closed = false
    const closing = client.close().then(() => {
      closed = true
    })
    await clock.advance(4_999)
    expect(closed).toBe(false)
    answer(new Response('late but there'))
    expect(await (await call).text()).toBe('late but there')
    await closing
    expect(clock.pending).toBe(0)
  })

  it('ends what is still under way after drainMs, 5 s if not given', async () => {
    for (const [given, drainMs] of [
      [undefined, 5_000],
      [{ drainMs: 100 }, 100],
      [{ drainMs: 0 }, 0],
    ] as const) {
      const { client, clock } = make(hang)
      const call = client.fetch(url).catch((reason: unknown) => reason)
      const closing = client.close(given)
      if (drainMs > 0) await clock.advance(drainMs)
      expect(await call).toBeInstanceOf(ClosedError)
      await closing
      expect(clock.now()).toBe(drainMs)
      expect(clock.pending).toBe(0)
    }
  })

  it('resolves for everybody who closes, and the most impatient one decides', async () => {
    const { client, clock } = make(hang)
    const call = client.fetch(url).catch((reason: unknown) => reason)
    const all = [client.close(), client.close({ drainMs: Infinity }), client.close({ drainMs: 10 }), client.close()]
    await clock.advance(10)
    expect(await call).toBeInstanceOf(ClosedError)
    await Promise.all(all)
    expect(clock.pending).toBe(0)
  })

  it('ends waits as well, and does not hang on a call that could not begin', async () => {
    const broken = () => {
      throw new Error('no name')
    }
    const client = createClient({ fetch: ok, upstreamOf: broken })
    const signal = {} as AbortSignal
    await expect(client.fetch(url)).rejects.toThrow('no name')
    await expect(createClient({ fetch }).fetch(url, { signal })).rejects.toThrow(TypeError)
    await client.close()
  })

  it('is what asyncDispose does, and leaves a body that is being read alone', async () => {
    const body = new TransformStream<Uint8Array, Uint8Array>()
    let response: Response
    {
      await using client = make(async () => new Response(body.readable)).client
      response = await client.fetch(url)
    }
    const writer = body.writable.getWriter()
    void writer.write(new TextEncoder().encode('still there')).then(() => writer.close())
    expect(await response.text()).toBe('still there')
  })

  it.each([[{ drainMs: -1 }], [{ drainMs: 'soon' }], [{ drain: 1 }], [null]])('refuses %j', async (given) => {
    await expect(make().client.close(given as { drainMs: number })).rejects.toBeInstanceOf(OptionsError)
  })
})
