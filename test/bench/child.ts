// A process of its own for whoever is measured, so that nobody else's types make its call sites slower and nobody else's
// garbage is collected on its time.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Reply {
  readonly value?: unknown
  readonly error?: string
}

/** A child that answers one question at a time. */
export class Child {
  readonly #process: ChildProcess
  readonly #called: string

  /** @param file the module it runs, which calls `answer` */
  constructor(file: URL, parameters: readonly string[] = [], flags: readonly string[] = []) {
    this.#process = fork(fileURLToPath(file), parameters, { execArgv: [...flags] })
    this.#called = parameters.join(' ')
  }

  ask<Answer>(question: object): Promise<Answer> {
    const child = this.#process
    return new Promise((resolve, reject) => {
      const gone = (status: number | null) => reject(new Error(`the process of '${this.#called}' ended with ${status}`))
      child.once('exit', gone)
      child.once('message', (reply) => {
        child.off('exit', gone)
        const { value, error } = reply as Reply
        if (error === undefined) resolve(value as Answer)
        else reject(new Error(`${this.#called}: ${error}`))
      })
      child.send(question)
    })
  }

  stop(): void {
    if (this.#process.connected) this.#process.disconnect()
  }
}
