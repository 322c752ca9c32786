/** Somebody else's package, as much of it as a page that uses it loads. */
export interface Peer {
  readonly name: string
  /** What has to be installed. */
  readonly packages: readonly string[]
  readonly source: string
  /** Our budget whose purpose is nearest, and what makes the peer smaller where it is. */
  readonly beside?: string
  readonly why?: string
}

const everything = (name: string): string => `export * from '${name}'; export { default } from '${name}'`

const main = 'breakwater'

export const peers: readonly Peer[] = [
  {
    name: 'ky',
    packages: ['ky'],
    source: everything('ky'),
    beside: main,
    why: 'it is a part of ours',
  },
  {
    name: 'cockatiel, all of it',
    packages: ['cockatiel'],
    source: "export * from 'cockatiel'",
    beside: main,
    why: 'it is a part of ours',
  },
  {
    name: 'cockatiel: retry, circuitBreaker, timeout, bulkhead, wrap',
    packages: ['cockatiel'],
    source:
      "export { bulkhead, circuitBreaker, ExponentialBackoff, handleAll, retry, SamplingBreaker, timeout, TimeoutStrategy, wrap } from 'cockatiel'",
    beside: 'breakwater/layers',
    why: 'ours has its circuit breaker within it, and a retry budget, Retry-After, hedging, throttling, single-flight and a limit that finds its own height',
  },
  {
    name: 'opossum',
    packages: ['opossum'],
    source: "export { default } from 'opossum'",
    beside: 'breakwater/layers: breaker',
    why: 'ours has cockatiel’s within it; and Node’s EventEmitter, which opossum is made of, is not counted',
  },
  {
    name: 'p-retry',
    packages: ['p-retry'],
    source: everything('p-retry'),
    beside: 'breakwater/layers: retry',
    why: 'it spends no budget, tells nobody of its attempts, and takes time and chance from the platform',
  },
  {
    name: 'reconnecting-websocket',
    packages: ['reconnecting-websocket'],
    source: "export { default } from 'reconnecting-websocket'",
    beside: 'breakwater/socket: ReliableSocket',
    why: 'a growing delay is all that it has for a loss: no cause, no hint of the server, no gate before a host, no bounds in bytes, no heartbeat, no session, no receipt',
  },
  {
    name: 'partysocket/ws',
    packages: ['partysocket'],
    source: "export * from 'partysocket/ws'; export { default } from 'partysocket/ws'",
    beside: 'breakwater/socket: ReliableSocket',
    why: 'it is reconnecting-websocket, continued: a growing delay is all that it has for a loss',
  },
  {
    name: 'axios',
    packages: ['axios'],
    source: everything('axios'),
    beside: main,
    why: 'it sends requests, and neither repeats nor limits them',
  },
  {
    name: 'axios + axios-retry',
    packages: ['axios', 'axios-retry'],
    source: "export { default } from 'axios'; export { default as retry } from 'axios-retry'",
    beside: main,
    why: 'it has no circuit, no budget, no limit, no token, no cache and no socket',
  },
  {
    name: 'ofetch',
    packages: ['ofetch'],
    source: "export * from 'ofetch'",
    beside: main,
    why: 'it sends requests and repeats one at once; it has no circuit, no budget, no limit, no token, no cache and no socket',
  },
]
