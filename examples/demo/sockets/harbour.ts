import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FromHarbour, HarbourPlan } from './server.ts'

/** `server.ts` in a process of its own, owned by this one. */
export class Harbour {
  readonly port: number
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>

  private constructor(child: ChildProcess, gone: Promise<unknown>, port: number) {
    this.#child = child
    this.#gone = gone
    this.port = port
  }

  static async start(plan: HarbourPlan): Promise<Harbour> {
    const script = fileURLToPath(new URL('server.ts', import.meta.url))
    const child = fork(script, { env: { ...process.env, HARBOUR_PLAN: JSON.stringify(plan) } })
    const gone = once(child, 'exit')
    const message = await heard(child, gone, 'listening')
    return new Harbour(child, gone, message.port)
  }

  async count(): Promise<Extract<FromHarbour, { type: 'counted' }>> {
    const counted = heard(this.#child, this.#gone, 'counted')
    this.#child.send({})
    return counted
  }

  /** Without a word to anybody: kill -9. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#gone
  }
}

async function heard<Type extends FromHarbour['type']>(
  child: ChildProcess,
  gone: Promise<unknown>,
  type: Type,
): Promise<Extract<FromHarbour, { type: Type }>> {
  const said = once(child, 'message').then(([message]) => message as FromHarbour)
  const message = await Promise.race([said, gone.then(() => undefined)])
  if (message?.type !== type) throw new Error('the WebSocket server ended before its time')
  return message as Extract<FromHarbour, { type: Type }>
}
