import { parseArgs } from 'node:util'

export interface DemoOptions {
  readonly help: boolean
  readonly json: boolean
  readonly seconds: number
  /** The only one to be played; both if absent. */
  readonly act?: Act
}

type Act = 'http' | 'sockets'

const leastSeconds = 8
const mostSeconds = 120

export const usage = `Usage: npm run demo [-- options]

Sends the same traffic through plain fetch with a fixed retry, then through Breakwater, each to a fresh server on
127.0.0.1 that has the same outage, and draws what reached the server. Then 300 WebSockets lose their server and
come back to it: with the usual waits by hand, and as ReliableSocket; that takes 16 s.

  --seconds N  how long both runs over HTTP may take, ${leastSeconds} to ${mostSeconds} (30). The outage gets longer and shorter with it,
               patience and Retry-After do not: below 20 it is over too soon to tell the fleets apart.
  --act NAME   only that act: http, or sockets
  --json       instead of the picture, the figures as one JSON object on the last line
  --help       this text
`

/** @throws Error in words for whoever typed it */
export function readOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      json: { type: 'boolean' },
      seconds: { type: 'string' },
      act: { type: 'string' },
    },
  })
  const seconds = Number(values.seconds ?? 30)
  if (!(seconds >= leastSeconds && seconds <= mostSeconds)) {
    throw new Error(`--seconds wants a number from ${leastSeconds} to ${mostSeconds}, got '${values.seconds}'`)
  }
  const { act } = values
  if (act !== undefined && act !== 'http' && act !== 'sockets') {
    throw new Error(`--act wants http or sockets, got '${act}'`)
  }
  return { ...(act && { act }), help: values.help ?? false, json: values.json ?? false, seconds }
}
