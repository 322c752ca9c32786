// The example server in a process of its own, which a test can kill. It waits to be told where to listen, so that one
// can stand by while another serves, and then sends numbered messages to every session as fast as they are taken.
import { SessionServer, type SessionServerOptions } from '../../examples/json-session-server.ts'

export type ToSessionProcess = Pick<SessionServerOptions, 'journal' | 'port' | 'acceptPerSecond'>
export type FromSessionProcess = { readonly port: number } | 'standing by'

/** More than these on their way to one client only fill its buffers. */
const onTheWay = 200

process.on('disconnect', () => process.exit())
process.once('message', async (told: ToSessionProcess) => {
  const server = new SessionServer(told)
  process.send?.({ port: await server.listening() } satisfies FromSessionProcess)
  setInterval(() => {
    for (const session of server.sessions.values()) {
      for (let more = 5; more > 0 && session.unacknowledged.length < onTheWay; more--) {
        // With the process in it, so that a number which two servers gave to two messages shows.
        server.send(session, `s${session.sent + 1} ${process.pid}`)
      }
    }
  }, 2)
})
process.send?.('standing by' satisfies FromSessionProcess)
