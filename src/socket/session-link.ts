import type { Runtime } from '../core/runtime.ts'
import type { Hint } from './hint.ts'
import type { SessionLink } from './session.ts'
import type { SocketData } from './transport.ts'

/** What a link needs of its connection. */
export interface LinkedConnection {
  readonly ended: boolean
  readonly runtime: Runtime
  send(data: SocketData): void
  ready(recovered: boolean): void
  deliver(data: string | ArrayBuffer | Blob): void
  hint(hint: Hint, drain: boolean): void
  room(): void
  fail(code: number, reason: string): void
}

/** A session's hold on one connection, which comes off when that ends. */
export function linkTo(connection: LinkedConnection): SessionLink {
  const { runtime } = connection
  const held =
    <Args extends unknown[]>(act: (...args: Args) => void) =>
    (...args: Args) => {
      if (!connection.ended) act(...args)
    }
  return {
    runtime,
    send: held((frame) => connection.send(frame)),
    ready: held((recovered = false) => connection.ready(recovered)),
    deliver: held((data) => connection.deliver(data)),
    hint: held((hint, drain = false) => connection.hint(hint, drain)),
    room: held(() => connection.room()),
    fail: held((code, reason) => connection.fail(code, reason)),
  }
}
