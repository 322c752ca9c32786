import type { Cause } from './classify.ts'
import type { Connection } from './connection.ts'

/** The connections of one socket: the one in use, the one that is being made, and those that were rotated out. */
export class Connections {
  live: Connection | undefined
  #next: Connection | undefined
  /** Not closed yet: what still comes over them counts. Made only for sockets that rotate. */
  #retired: Set<Connection> | undefined

  begin(connection: Connection, attempt: number): void {
    this.#next = connection
    connection.begin(attempt)
  }

  /** The new one takes over; returns the one before it, which lives on until it is closed. */
  adopt(): Connection | undefined {
    const before = this.live
    this.live = this.#next
    this.#next = undefined
    if (before) {
      this.#retired ??= new Set()
      this.#retired.add(before)
    }
    return before
  }

  /** Has nothing more to do with the connection in use: what it says later is nobody's, and a session must not take it. */
  detach(): void {
    this.live?.leave()
    this.live = undefined
  }

  /** Whether what comes over it is for the application. */
  counts(connection: Connection): boolean {
    return connection === this.live || this.#retired?.has(connection) === true
  }

  drop(generation: number, cause: Cause): void {
    for (const connection of [this.#next, this.live]) {
      if (connection?.generation === generation) connection.drop(cause)
    }
  }

  forget(connection: Connection): void {
    this.#retired?.delete(connection)
  }

  dropRetired(): void {
    for (const connection of this.#retired ?? []) connection.drop('local')
    this.#retired = undefined
  }
}
