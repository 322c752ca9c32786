import type { ScenarioOptions } from 'breakwater/simulate'
import type { News, Order } from './messages.ts'

/** The worker as one script, put here by build.ts: a page that was opened as a file may load no other. */
declare const workerScript: string

let script: string | undefined

/** Runs one simulation at a time in a worker. */
export class Runner {
  readonly #tell: (news: News) => void
  #worker: Worker | undefined

  constructor(tell: (news: News) => void) {
    this.#tell = tell
  }

  /** Begins a run; the one before it, if there is one, is forgotten. */
  start(options: ScenarioOptions): void {
    this.#worker?.terminate()
    script ??= URL.createObjectURL(new Blob([workerScript], { type: 'text/javascript' }))
    const worker = new Worker(script)
    this.#worker = worker
    worker.onmessage = ({ data }: MessageEvent<News>) => {
      // One that was replaced may have said something before it ended.
      if (worker !== this.#worker) return
      if (data.kind !== 'progress') this.#end()
      this.#tell(data)
    }
    worker.onerror = ({ message }) => {
      this.#end()
      this.#tell({ kind: 'failed', message })
    }
    this.#order({ kind: 'run', options })
  }

  /** Ends it: a report of what there is until then comes at once. */
  stop(): void {
    this.#order({ kind: 'stop' })
  }

  #order(order: Order): void {
    this.#worker?.postMessage(order)
  }

  #end(): void {
    this.#worker?.terminate()
    this.#worker = undefined
  }
}
