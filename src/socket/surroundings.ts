import { onAbort } from '../core/abort.ts'
import type { Environment } from './environment.ts'
import type { Now } from './machine/index.ts'
import type { Resolved } from './resolve-options.ts'

/** What the world around a socket may tell it. */
export interface SurroundingsListener {
  /** The page came back, or the network changed, or the opposite of these. */
  changed(network: boolean): void
  aborted(): void
}

/** What there is to see where there is no page. */
export const nowhere: Pick<Now, 'hidden' | 'blocked'> = { hidden: false, blocked: undefined }

/** Undefined where there is nothing to listen to: no page, and no signal. */
export function surround(
  options: Resolved,
  environment: Environment | undefined,
  listener: SurroundingsListener,
): Surroundings | undefined {
  return environment || options.signal ? new Surroundings(options, environment, listener) : undefined
}

/** What a socket knows of the page that it is in, and of the caller's signal. */
export class Surroundings {
  readonly #options: Resolved
  readonly #environment: Environment | undefined
  readonly #listener: SurroundingsListener
  #leave: (() => void) | undefined
  #wasOnline = true

  constructor(options: Resolved, environment: Environment | undefined, listener: SurroundingsListener) {
    this.#options = options
    // A socket that dials once does what the platform's does: nothing, when the page is hidden or comes back.
    this.#environment = options.reconnect ? environment : undefined
    this.#listener = listener
  }

  get online(): boolean {
    return this.#environment?.online() !== false
  }

  look(): Pick<Now, 'hidden' | 'blocked'> {
    const hidden = this.#environment ? !this.#environment.visible() : false
    const away = hidden && this.#options.whenHidden === 'wait' ? 'hidden' : undefined
    return { hidden, blocked: this.online ? away : 'offline' }
  }

  listen(): void {
    if (this.#leave) return
    const { signal } = this.#options
    const leaveEnvironment = this.#environment?.onChange(() => this.#changed())
    const leaveSignal = signal && onAbort(signal, () => this.#listener.aborted())
    this.#leave = () => {
      leaveEnvironment?.()
      leaveSignal?.()
    }
  }

  leave(): void {
    this.#leave?.()
    this.#leave = undefined
  }

  #changed(): void {
    const { online } = this
    const network = online !== this.#wasOnline
    this.#wasOnline = online
    this.#listener.changed(network)
  }
}
