import type { Runtime } from '../core/runtime.ts'
import type { Hint } from './hint.ts'
import type { SocketData } from './transport.ts'

/** What a session may do with the one connection it was given. After its end, nothing of this does anything. */
export interface SessionLink {
  readonly runtime: Runtime
  /** Sends a frame of the session's own, at once. */
  send(frame: SocketData): void
  /**
   * The application may use the connection now; until then its messages wait.
   *
   * @param recovered whether the server still knew the session, so that nothing was missed
   */
  ready(recovered?: boolean): void
  /** Hands a message to the application. */
  deliver(data: string | ArrayBuffer | Blob): void
  /** The server said when to come back; with `drain`, that it is about to leave: the socket then moves in time. */
  hint(hint: Hint, drain?: boolean): void
  /** `frame` had refused a message for want of room, and there is room again. */
  room(): void
  /** The other side does not keep to the protocol: gives the connection up, with a close code from 3000 to 4999. */
  fail(code: number, reason: string): void
}

/**
 * A protocol on top of the connections of one socket: it greets, resumes, acknowledges. One object belongs to one
 * socket and outlives its connections; while a socket rotates it has two links at a time.
 */
export interface Session {
  /** A connection is there and greets first. Nothing of the application goes over it before `link.ready()`. */
  opened(link: SessionLink): void
  /** A frame came. What is the application's is handed on by `link.deliver`. */
  received(frame: string | ArrayBuffer | Blob, link: SessionLink): void
  /** The connection is gone. */
  closed?(link: SessionLink): void
  /**
   * The frame for a message of the application; undefined when there is no room, until `link.room()`.
   *
   * @param acknowledged to be called when the server has it. A session without `frame` sends messages as they are, and
   * they count as delivered when they are handed over.
   */
  frame?(data: SocketData, acknowledged: (() => void) | undefined): SocketData | undefined
  /** @throws whatever it has to say about a message that it cannot carry, at once where that is sent */
  check?(data: SocketData): void
  /** A frame that makes the other side answer, for connections without a protocol ping. */
  ping?(): SocketData
}
