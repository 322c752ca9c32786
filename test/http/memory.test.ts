import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../src/index.ts'
import { eventually, type Recorder, startRecorder } from '../support/recorder.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

let server: Recorder
beforeAll(async () => {
  server = await startRecorder({ begin: (_request, response) => void response.write('first ') })
})
afterAll(() => server.close())

describe('a signal that lives as long as the page', () => {
  it('does not keep the responses of the calls that were given it', async () => {
    const { signal } = new AbortController()
    const client = createClient()
    const left: WeakRef<Response>[] = []
    for (let call = 0; call < 100; call++) {
      const response = await client.fetch(`${server.origin}/ok`, { signal })
      expect(await response.text()).toBe('ok')
      left.push(new WeakRef(response))
    }
    const collected = () => {
      collect()
      // A signal that keeps them keeps all hundred; when the collector takes the last few is its own affair.
      expect(left.filter((one) => one.deref()).length).toBeLessThan(50)
    }
    await eventually(collected)
  })

  it('still cuts a body that is being read when the collector has been', async () => {
    for (const reason of ['fetch', 'http'] as const) {
      const controller = new AbortController()
      const client = createClient()
      const { body } = await client[reason](`${server.origin}/begin`, { signal: controller.signal })
      const reader = body!.getReader()
      await reader.read()
      const rest = reader.read().catch((caught: unknown) => caught)
      for (let turn = 0; turn < 5; turn++) {
        collect()
        await wait(1)
      }
      controller.abort(reason)
      expect(await rest).toBe(reason)
    }
  })
})
