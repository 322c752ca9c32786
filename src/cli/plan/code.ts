import type { Candidate, Plan } from '../../simulate/index.ts'
import { reconnectHint } from '../../socket/index.ts'

/** The call that a server makes, and what it gives. */
export function serverCode({ capacity }: Plan): string {
  const { afterMs, withinMs } = reconnectHint(capacity)
  return `reconnectHint(${literal(capacity)}) // { afterMs: ${afterMs}, withinMs: ${withinMs} }`
}

/** How a client is constructed with these settings: only what is not the default. */
export function clientCode({ socket: options }: Candidate): string {
  return Object.keys(options).length === 0
    ? 'new ReliableSocket(url) // the defaults'
    : `new ReliableSocket(url, [], ${literal(options)})`
}

/** An object as somebody would write it. */
function literal(value: object): string {
  const members = Object.entries(value).map(([name, of]) => {
    return `${name}: ${typeof of === 'object' && of !== null ? literal(of) : written(of)}`
  })
  return `{ ${members.join(', ')} }`
}

function written(value: unknown): string {
  return typeof value === 'number' && Number.isInteger(value) && value >= 10_000
    ? value.toLocaleString('en').replaceAll(',', '_')
    : String(value)
}
