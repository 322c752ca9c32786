import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FromServer, ServerPlan, ToServer } from '../server.ts'

/** How long it may take to leave when told to, before it is ended by its id. */
const leaveMs = 1_000

/** `examples/server.ts` in a process of its own, owned by this one. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>
  #hear: (message: FromServer) => void = () => {}
  #url = ''

  private constructor() {
    const script = fileURLToPath(new URL('../server.ts', import.meta.url))
    this.#child = spawn(process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#gone = once(this.#child, 'exit')
    // Whoever waits for a message learns of an end; nobody else has to.
    this.#gone.catch(() => {})
    this.#child.on('message', (message: FromServer) => this.#hear(message))
  }

  static async spawn(): Promise<ServerProcess> {
    const server = new ServerProcess()
    const { port } = await server.#await('listening')
    server.#url = `http://127.0.0.1:${port}/`
    return server
  }

  get url(): string {
    return this.#url
  }

  /** Starts the schedule, and tells of arrivals while it runs. */
  async start(plan: ServerPlan, onArrivals: (arrivals: readonly number[]) => void): Promise<void> {
    const started = this.#await('started')
    this.#tell({ type: 'start', plan })
    await started
    this.#hear = (message) => {
      if (message.type === 'load') onArrivals(message.arrivals)
    }
  }

  /** The arrivals not told of yet. */
  async report(): Promise<readonly number[]> {
    const stopped = this.#await('stopped')
    this.#tell({ type: 'stop' })
    return (await stopped).arrivals
  }

  /** Resolves when the process is gone, which it is a moment after it has lost its parent. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    const late = setTimeout(() => this.#child.kill('SIGKILL'), leaveMs)
    await this.#gone
    clearTimeout(late)
  }

  async #await<Type extends FromServer['type']>(type: Type): Promise<Extract<FromServer, { type: Type }>> {
    const hearing = this.#hear
    const said = new Promise<Extract<FromServer, { type: Type }>>((resolve) => {
      this.#hear = (message) => {
        if (message.type === type) resolve(message as Extract<FromServer, { type: Type }>)
        else hearing(message)
      }
    })
    const message = await Promise.race([said, this.#gone.then(() => undefined)])
    if (!message) throw new Error('the server ended before its time')
    return message
  }

  #tell(message: ToServer): void {
    // To one that has died there is nothing to say; whoever waits for its answer is told so.
    if (this.#child.connected) this.#child.send(message)
  }
}
