// A keep-alive server in a process of its own, so that its work is not counted as the client's.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const body = JSON.stringify({ id: 42, name: 'order', items: [1, 2, 3], paid: true })

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
})
// Longer than the bench: a connection that closes between two samples would be opened again within one.
server.keepAliveTimeout = 600_000
server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.on('disconnect', () => process.exit(0))
