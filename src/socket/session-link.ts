import type { SessionLink } from './session.ts'

/** A connection as its session knows it. */
export interface LinkedConnection extends SessionLink {
  readonly ended: boolean
}

const acts = ['send', 'ready', 'deliver', 'hint', 'room', 'fail'] as const

/** A session's hold on one connection, which comes off when that ends. */
export function linkTo(connection: LinkedConnection): SessionLink {
  const held = (act: (typeof acts)[number]) => (first: never, second: never) => {
    if (!connection.ended) connection[act](first, second)
  }
  const methods = acts.map((act) => [act, held(act)])
  return { runtime: connection.runtime, ...Object.fromEntries(methods) }
}
