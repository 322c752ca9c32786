import type { Cause } from './classify.ts'
import type { Suspension } from './machine/index.ts'

/** What a socket tells of itself. The URL is not in it, only whom it belongs to. */
export type SocketEvent =
  | { readonly type: 'socket.opened'; readonly upstream: string; readonly attempt: number; readonly recovered: boolean }
  | {
      readonly type: 'socket.closed'
      readonly upstream: string
      readonly code: number
      readonly cause: Cause
      readonly willReconnect: boolean
    }
  | {
      readonly type: 'socket.waiting'
      readonly upstream: string
      readonly attempt: number
      readonly delayMs: number
      readonly cause: Cause
    }
  | { readonly type: 'socket.suspended'; readonly upstream: string; readonly reason: Suspension }
  | { readonly type: 'socket.overflow'; readonly upstream: string; readonly count: number; readonly bytes: number }
