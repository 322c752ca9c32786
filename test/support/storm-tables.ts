/** A published row: seconds until 99 % were back (null: never), dials per client, and the busiest second's share of the fleet. */
type StormRow = readonly [rival: string, t99: number | null, attempts: number, peak: number]

/** 100,000 clients, 2,000 handshakes per second; every rival gives up a handshake after 5 s. */
export const stormClients = 100_000

/** One table of the field's figures, and the world that it was made in. */
export interface StormTable {
  readonly name: 'A' | 'B' | 'C'
  readonly what: string
  readonly world: { readonly server: 'fifo' | 'backlog'; readonly outageMs: number }
  readonly rows: readonly StormRow[]
}

export const stormTables: readonly StormTable[] = [
  {
    name: 'A',
    what: 'unbounded queue',
    world: { server: 'fifo', outageMs: 0 },
    rows: [
      ['reconnecting-websocket', null, 54.92, 0.25101],
      ['partysocket', null, 55.04, 1],
      ['socket.io', null, 81.87, 0.50163],
      ['phoenix', null, 84.76, 1],
      ['centrifuge', null, 54.82, 0.99785],
      ['signalr', null, 3.7, 1],
      ['nats.ws', null, 9.11, 1],
      ['graphql-ws', null, 4.58, 0.37138],
      ['grpc', 662.5, 11.82, 0.87197],
      ['aws-full-30', null, 43.06, 1],
      ['aws-full-60', null, 26.81, 1],
      ['aws-decorrelated', null, 26.18, 0.50078],
      ['aws-equal', null, 19.95, 1],
    ],
  },
  {
    name: 'B',
    what: 'backlog of 4,096',
    world: { server: 'backlog', outageMs: 0 },
    rows: [
      ['reconnecting-websocket', 60.7, 3.54, 0.25101],
      ['partysocket', 126.9, 5.53, 1],
      ['socket.io', 80.4, 4.79, 0.50163],
      ['phoenix', 59.1, 5.53, 1],
      ['centrifuge', 71.3, 4.61, 0.99785],
      ['signalr', null, 3.4, 1],
      ['nats.ws', null, 5.56, 1],
      ['graphql-ws', null, 3.71, 0.37138],
      ['grpc', 110.2, 4.76, 0.87259],
      ['aws-full-30', 72.7, 4.22, 1],
      ['aws-full-60', 77.9, 4.21, 1],
      ['aws-decorrelated', 78.4, 3.55, 0.50078],
      ['aws-equal', 81.7, 4.19, 1],
    ],
  },
  {
    name: 'C',
    what: 'away for 30 s, then an unbounded queue',
    world: { server: 'fifo', outageMs: 30_000 },
    rows: [
      ['reconnecting-websocket', null, 55.38, 0.41709],
      ['partysocket', null, 57.33, 1],
      ['socket.io', null, 84, 0.54066],
      ['phoenix', null, 92.45, 6],
      ['centrifuge', null, 55.81, 0.99785],
      ['signalr', null, 4, 1],
      ['nats.ws', null, 10, 1],
      ['graphql-ws', null, 5, 0.37989],
      ['grpc', 343.9, 9.78, 0.9562],
      ['aws-full-30', null, 42.46, 1.25256],
      ['aws-full-60', null, 25.67, 1.25256],
      ['aws-decorrelated', null, 26.67, 0.58254],
      ['aws-equal', 176.2, 7.25, 1],
    ],
  },
]

/** What ours must hold at full size: seconds until 99 % were back, and dials per client, at most. */
export const stormBars: readonly { what: string; given: object; t99: number; attempts: number }[] = [
  { what: 'unbounded queue', given: {}, t99: 55, attempts: Infinity },
  { what: 'backlog of 4,096', given: { server: 'backlog' }, t99: 75, attempts: Infinity },
  { what: 'hint, unbounded queue', given: { hint: true }, t99: 56, attempts: 1.05 },
  { what: 'hint, backlog', given: { hint: true, server: 'backlog' }, t99: 56, attempts: 1.05 },
  { what: 'away for 30 s, unbounded queue', given: { outageMs: 30_000 }, t99: 85, attempts: Infinity },
  { what: 'away for 30 s, backlog', given: { outageMs: 30_000, server: 'backlog' }, t99: 100, attempts: Infinity },
  { what: 'three times the clients', given: { times: 3 }, t99: 400, attempts: Infinity },
  { what: 'three times the clients, hint', given: { times: 3, hint: true }, t99: 170, attempts: 1.05 },
]
