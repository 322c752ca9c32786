import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const clock = new URL('../../src/core/clock.ts', import.meta.url).href

/** What a Node process of its own says before it ends by itself; it must, or it is ended here and the test fails. */
async function said(code: string): Promise<string> {
  const source = `import { systemClock } from ${JSON.stringify(clock)}\n${code}`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', source], { timeout: 20_000 })
  return stdout.trim()
}

describe('a Node process', () => {
  it('is not kept alive by setTimer, not even in the legs of a long one', async () => {
    const code = `
      systemClock.setTimer(3_600_000, () => console.log('fired'))
      systemClock.setTimer(2 ** 40, () => console.log('fired'))
      process.on('exit', () => console.log('ended'))`
    expect(await said(code)).toBe('ended')
  })

  it('is kept alive by sleep, until it has ended', async () => {
    const code = `
      systemClock.setTimer(3_600_000, () => console.log('fired'))
      await systemClock.sleep(10)
      console.log('woke')`
    expect(await said(code)).toBe('woke')
  })

  it('ends when its sleep is aborted', async () => {
    const code = `
      const controller = new AbortController()
      const sleep = systemClock.sleep(3_600_000, controller.signal).catch((reason) => console.log(reason))
      controller.abort('aborted')
      await sleep`
    expect(await said(code)).toBe('aborted')
  })
})
