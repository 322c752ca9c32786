import type { Loss } from './classify.ts'
import type { Connection } from './connection.ts'
import type { Suspension } from './machine/index.ts'

/** What an engine tells its socket. */
export interface EngineListener {
  opened(connection: Connection): void
  received(data: string | ArrayBuffer | Blob): void
  lost(loss: Loss, willReconnect: boolean): void
  waiting(loss: Loss, delayMs: number): void
  suspended(reason: Suspension): void
  /** The connection takes messages. */
  flush(): void
  /** The connection will not take any more after this; `forGood`: none will. */
  closing(forGood: boolean): void
  /** Another connection has taken over. */
  moved(connection: Connection): void
  /** Whether a rotation came about. */
  rotated(done: boolean): void
}
