import { BreakwaterError } from '../core/error.ts'

/**
 * Why a message will not be delivered, or a socket gave up.
 *
 * - `closed`: the socket was closed for good before.
 * - `expired`: its time to live ran out first.
 * - `overflow`: the queue was full, or it made room for later messages.
 * - `final`: the server's answer said that trying again is pointless.
 */
export type SocketErrorReason = 'closed' | 'expired' | 'overflow' | 'final'

/** A message that will not be delivered, or a socket that ended for good. */
export class SocketError extends BreakwaterError {
  static readonly code = 'socket'
  override readonly name = 'SocketError'
  readonly reason: SocketErrorReason

  constructor(reason: SocketErrorReason, message: string, upstream?: string) {
    super('socket', message, { upstream })
    this.reason = reason
  }
}
