import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const fromSource = new URL('../support/from-source.mjs', import.meta.url).href

test('a process does not end before a call has met its deadline, even if nothing else keeps it alive', async () => {
  const code = `
    import { createFetch } from 'breakwater'
    const fetch = createFetch({ fetch: () => new Promise(() => {}), deadlineMs: 20 })
    await fetch('http://api.test/').catch(({ code }) => console.log(code))`
  const args = ['--import', fromSource, '--input-type=module', '--eval', code]
  const { stdout } = await run(process.execPath, args, { timeout: 20_000 })
  expect(stdout.trim()).toBe('deadline')
})
