import { onAbort } from '../../core/abort.ts'
import type { Network } from '../network.ts'
import type { World } from '../world.ts'
import { RequestServer } from './request-server.ts'

export interface OriginOptions {
  /** Loads that it does per second. */
  readonly capacity: number
  /** What a load takes where no other one waits, in ms; there are so many workers that the capacity is what it is. */
  readonly loadMs: number
}

/** What a load brought: its number among all loads. */
export interface Loaded {
  readonly load: number
}

/** A database behind caches: a queue of loads. */
export class Origin {
  readonly server: RequestServer
  /** Loads that came to those who had asked for them. */
  loads = 0

  constructor(world: World, network: Network, { capacity, loadMs }: OriginOptions) {
    const workers = Math.max(1, Math.round((capacity * loadMs) / 1_000))
    this.server = new RequestServer(world, network, { perSecond: capacity, workers }, -4)
  }

  /** Loads something; `hear` gets it, or nothing where the database is out of order. The function returned is the client leaving. */
  request(hear: (loaded: Loaded | undefined) => void): () => void {
    return this.server.ask(({ status }) => hear(status === 200 ? { load: ++this.loads } : undefined))
  }

  /** The same as a promise. @throws an error where it is out of order, and the signal's reason */
  load(signal: AbortSignal): Promise<Loaded> {
    return new Promise((resolve, reject) => {
      const leave = this.request((loaded) => {
        unlink()
        if (loaded) resolve(loaded)
        else reject(new Error('the database is out of order'))
      })
      const unlink = onAbort(signal, () => {
        leave()
        reject(signal.reason)
      })
    })
  }
}
