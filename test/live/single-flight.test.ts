import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../src/index.ts'

let url = ''
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.write('the beginning')
  // The rest never comes.
  request.on('close', () => response.destroy())
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test.each([true, false])('an abort reaches a body that is being read, with singleFlight %s', async (singleFlight) => {
  const client = createClient({ singleFlight })
  const controller = new AbortController()
  const reason = new Error('the reader left')
  const response = await client.fetch(url, { signal: controller.signal })
  const text = response.text()
  controller.abort(reason)
  await expect(text).rejects.toBe(reason)
})
