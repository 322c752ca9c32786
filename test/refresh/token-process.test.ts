import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const entry = new URL('../../src/refresh/index.ts', import.meta.url).href

/** What a Node process of its own says before it ends by itself; it must, or it is ended here and the test fails. */
async function said(code: string): Promise<string> {
  const source = `import { createTokenSource } from ${JSON.stringify(entry)}\n${code}`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], { timeout: 20_000 })
  return stdout.trim()
}

describe('a Node process', () => {
  it('is not kept alive by the renewals of its tokens', async () => {
    const code = `
      const fetchToken = async () => ({ accessToken: 'a', expiresIn: 3_600 })
      for (const mode of ['efficiency', 'exclusive']) await createTokenSource({ fetchToken, mode, keepFresh: true }).get()
      process.on('exit', () => console.log('ended'))`
    expect(await said(code)).toBe('ended')
  })

  it('does not end before a token that somebody waits for, or its failure', async () => {
    const code = `
      const fetchToken = () => new Promise(() => {})
      const failure = await createTokenSource({ fetchToken, timeoutMs: 50 }).get().catch((error) => error.code)
      console.log(failure)`
    expect(await said(code)).toBe('deadline')
  })
})
