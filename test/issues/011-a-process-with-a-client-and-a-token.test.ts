import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const fromSource = new URL('../support/from-source.mjs', import.meta.url).href

/** What a Node process of its own says before it ends by itself; it must, or it is ended here and the test fails. */
async function said(code: string): Promise<string[]> {
  const source = `
    import { createClient } from 'breakwater'
    import { clientCredentials, createTokenSource } from 'breakwater/token'
    process.on('unhandledRejection', (error) => console.log('unhandled', error))
    process.on('exit', () => console.log('ended'))
    const grant = clientCredentials({ tokenUrl: 'https://id.test/token', clientId: 'app', clientSecret: 's' })
    let answer = async () => Response.json({ access_token: 'a', expires_in: 3_600 })
    const fetch = (input, init) => (String(input).includes('id.test') ? answer(init) : Promise.resolve(new Response('ok')))
    ${code}`
  const args = ['--import', fromSource, '--input-type=module', '--eval', source]
  const { stdout } = await run(process.execPath, args, { timeout: 20_000 })
  return stdout.trim().split('\n')
}

describe('a Node process with a client and a token', () => {
  it('is not kept alive by either', async () => {
    const code = `
      const token = createTokenSource({ fetchToken: grant, keepFresh: true })
      const client = createClient({ token, fetch })
      console.log((await client.fetch('https://api.test/')).status)`
    expect(await said(code)).toEqual(['200', 'ended'])
  })

  it('is kept alive by a call that waits for the token', async () => {
    const code = `
      answer = () => new Promise(() => {})
      const token = createTokenSource({ fetchToken: grant, timeoutMs: 50 })
      const client = createClient({ token, fetch })
      await client.fetch('https://api.test/').catch(({ code, reason }) => console.log(code, reason))`
    expect(await said(code)).toEqual(['token failed', 'ended'])
  })

  it('hears nothing of renewals that fail while nobody asks, of a source that is closed, nor of a client', async () => {
    const code = `
      answer = async () => Response.json({ access_token: 'a', expires_in: 0.2 })
      const token = createTokenSource({ fetchToken: grant, keepFresh: true })
      const client = createClient({ token, fetch, retry: false })
      const failures = []
      client.on('token.failed', ({ type }) => failures.push(type))
      await client.fetch('https://api.test/')
      answer = () => Promise.reject(new TypeError('fetch failed'))
      while (failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
      answer = () => new Promise(() => {})
      await new Promise((resolve) => setTimeout(resolve, 100))
      const closing = token.close()
      await client.close({ drainMs: 0 })
      await closing
      console.log('closed')`
    expect(await said(code)).toEqual(['closed', 'ended'])
  })
})
