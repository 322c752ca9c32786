import type { World } from './world.ts'

export interface NetworkOptions {
  /** What a packet takes one way, in ms. */
  readonly latencyMs: number
  /** Share of packets that are lost, from 0 to 1; each is sent again. */
  readonly loss: number
}

/**
 * How a host can be reached: `open`; `refusing`, as a machine whose process is gone; `black-hole`, as one behind a
 * firewall that drops all.
 */
export type Reach = 'open' | 'refusing' | 'black-hole'

/** A kernel repeats a segment of a standing connection after this, in ms, and doubles it (RFC 6298, as Linux has it). */
const firstRepeatMs = 200

/** And a SYN after one second, then 2, 4, 8, 16 and 32 later (`tcp_syn_retries` is 6). */
export const synRepeatMs: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000]

/** After the last of them it waits for as long again as doubling makes it, and gives up: 127 s after the first. */
export const synEndMs = 64_000

/** What lies between a fleet and a server. */
export class Network {
  readonly latencyMs: number
  readonly #loss: number
  readonly #world: World
  readonly #random: () => number

  constructor(world: World, { latencyMs, loss }: NetworkOptions, stream: number) {
    this.latencyMs = latencyMs
    this.#loss = loss
    this.#world = world
    this.#random = world.random(stream)
  }

  /** Something arrives one way later, and later still for each time that it is lost. The function returned takes it back. */
  carry(act: () => void): () => void {
    return this.#world.later(this.latencyMs + this.#lostForMs(), act)
  }

  /** Whether this packet is lost. */
  loses(): boolean {
    return this.#loss > 0 && this.#random() < this.#loss
  }

  #lostForMs(): number {
    let lostMs = 0
    for (let repeatMs = firstRepeatMs; this.loses() && repeatMs < 60_000; repeatMs *= 2) lostMs += repeatMs
    return lostMs
  }
}
