import { describe, expect, inject, it } from 'vitest'
import { attemptsOf, createClient } from '../../src/index.ts'
import { createTokenSource } from '../../src/refresh/index.ts'

const server = inject('serverUrl')

interface Guarded {
  readonly authorization: string
  readonly body: string
}

/** A client whose provider is the server, which takes a token back by itself: the first one is never any good. */
function make() {
  const id = crypto.randomUUID()
  const issued: string[] = []
  const token = createTokenSource({
    fetchToken: async ({ fetch }) => {
      const response = await fetch(`${server}/token?id=${id}`, { method: 'POST' })
      const { access_token, expires_in } = await response.json()
      issued.push(access_token)
      return { accessToken: access_token, expiresIn: expires_in }
    },
  })
  const client = createClient({ baseUrl: server, token })
  return { client, token, issued, guarded: `guarded?id=${id}` }
}

describe('in a real browser, with a token', () => {
  it('fifty calls are refused, the token is renewed once, and each is sent once more with its body', async () => {
    const { client, token, issued, guarded } = make()
    const calls = Array.from({ length: 50 }, async (_, index) => {
      const response = await client.fetch(guarded, { method: 'POST', body: `body ${index}` })
      return { tries: attemptsOf(response).map(({ status }) => status), got: (await response.json()) as Guarded }
    })
    const answers = await Promise.all(calls)
    const [, second] = issued
    expect(issued).toHaveLength(2)
    expect(answers).toEqual(
      answers.map((_, index) => ({
        tries: [401, 200],
        got: { authorization: `Bearer ${second}`, body: `body ${index}` },
      })),
    )
    await client.close()
    await token.close()
  })

  it('a Request with a body is sent again as it was', async () => {
    const { client, token, issued, guarded } = make()
    const request = new Request(`${server}/${guarded}`, { method: 'PUT', body: new Blob(['blob']) })
    const got: Guarded = await (await client.fetch(request)).json()
    expect(got).toEqual({ authorization: `Bearer ${issued[1]}`, body: 'blob' })
    await client.close()
    await token.close()
  })
})
