import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const source = new URL('../../src/index.ts', import.meta.url).href

test('a process does not end before a call has met its deadline, even if nothing else keeps it alive', async () => {
  const code = `
    import { createFetch } from ${JSON.stringify(source)}
    const fetch = createFetch({ fetch: () => new Promise(() => {}), deadlineMs: 20 })
    await fetch('http://api.test/').catch(({ code }) => console.log(code))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { timeout: 20_000 })
  expect(stdout.trim()).toBe('deadline')
})
