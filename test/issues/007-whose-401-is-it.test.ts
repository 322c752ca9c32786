import { describe, expect, it } from 'vitest'
import { createClient } from '../../src/index.ts'
import { createTokenSource } from '../../src/refresh/index.ts'
import { provider } from '../refresh/provider.ts'
import { eventually, startRecorder } from '../support/recorder.ts'

describe('over real connections', () => {
  it('a redirect to another origin does not take the token along, and its 401 renews nothing', async () => {
    const elsewhere = await startRecorder({ a: (_request, response) => void response.writeHead(401).end('not here') })
    const home = await startRecorder({
      go: (_request, response) => void response.writeHead(302, { location: `${elsewhere.origin}/a` }).end(),
    })
    try {
      for (const secretHeaders of [[], ['x-api-key']]) {
        const idp = provider()
        const token = createTokenSource({ fetchToken: idp.fetchToken })
        const client = createClient({ token, secretHeaders })
        const response = await client.fetch(`${home.origin}/go`, { headers: { 'x-api-key': 'k' } })
        expect([response.status, await response.text()]).toEqual([401, 'not here'])
        expect(idp.asked).toHaveLength(1)
        await client.close()
        await token.close()
      }
      const carried = ({ rawHeaders }: { rawHeaders: readonly string[] }) => rawHeaders.includes('Bearer token-1')
      expect(home.requests.map(carried)).toEqual([true, true])
      expect(elsewhere.requests.map(carried)).toEqual([false, false])
    } finally {
      await Promise.all([home.close(), elsewhere.close()])
    }
  })

  it('a hundred 401s with bodies that nobody reads hold no connection', async () => {
    const server = await startRecorder({
      a: ({ headers }, response) => {
        if (headers.authorization === 'Bearer token-1') response.writeHead(401).end(Buffer.alloc(1_000_000))
        else response.end('ok')
      },
    })
    try {
      const idp = provider()
      const token = createTokenSource({ fetchToken: idp.fetchToken })
      const client = createClient({ token })
      const answers = Array.from({ length: 100 }, async (_, index) =>
        (await client.fetch(`${server.origin}/a/${index}`)).text(),
      )
      expect(new Set(await Promise.all(answers))).toEqual(new Set(['ok']))
      expect(idp.asked).toHaveLength(2)
      await eventually(async () => expect(await server.busyConnections()).toBeLessThanOrEqual(1))
      await client.close()
      await token.close()
    } finally {
      await server.close()
    }
  })
})
