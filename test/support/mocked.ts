import { type Client, type ClientOptions, createClient, type Random } from '../../src/index.ts'
import { type ManualClock, manualClock } from '../../src/testing/index.ts'

/** One request as it left the client. */
interface Sent {
  readonly atMs: number
  readonly method: string
  readonly url: string
}

/** A client whose time and chance are moved by hand, in front of services that answer in real turns of the event loop. */
export interface Mocked {
  readonly client: Client
  readonly clock: ManualClock
  readonly sent: readonly Sent[]
  /** Moves time until this has settled; it stands still as long as a request is on the wire. */
  play<T>(work: Promise<T>, options?: { forMs?: number; stepMs?: number }): Promise<T>
}

/** Turns without an answer after which a request is taken to hang, and time moves under it. */
const patientTurns = 500

/** @param random what chance says: with 0, every time, nothing is waited for but what somebody asked for */
export function mocked(options: ClientOptions = {}, random: Random | number = 0): Mocked {
  const clock = manualClock()
  const sent: Sent[] = []
  const send = options.fetch ?? ((input, init) => fetch(input, init))
  let onWire = 0
  const watched: typeof fetch = async (input, init) => {
    const { method, url } = input instanceof Request ? input : { method: init?.method ?? 'GET', url: String(input) }
    sent.push({ atMs: clock.now(), method, url })
    onWire++
    try {
      return await send(input, init)
    } finally {
      onWire--
    }
  }
  const client = createClient({
    ...options,
    fetch: watched,
    runtime: { clock, random: typeof random === 'number' ? () => random : random },
  })

  async function play<T>(work: Promise<T>, { forMs = 60_000, stepMs = 50 } = {}): Promise<T> {
    let over = false
    const end = () => {
      over = true
    }
    work.then(end, end)
    const endsAt = clock.now() + forMs
    let turns = 0
    for (await clock.advance(0); !over; await clock.advance(0)) {
      turns = onWire > 0 ? turns + 1 : 0
      if (onWire > 0 && turns < patientTurns) continue
      if (clock.now() > endsAt) throw new Error(`it has not settled within ${forMs} ms`)
      await clock.advance(stepMs)
    }
    return work
  }
  return { client, clock, sent, play }
}
