import type { Allowance } from './allowance.ts'
import { burstSize } from './allowance.ts'
import { Dial } from './dial.ts'
import type { Finding } from './finding.ts'
import { crowdSays, refusalSays } from './socket-refusal.ts'
import { closeSays, endSays, hintSays, openSays, pingSays, unknownSays } from './socket-words.ts'
import type { Target } from './target.ts'

/** What the server cannot know; nobody's protocol, and harmless as JSON and as text. */
const unknown = JSON.stringify({ type: 'breakwater-doctor', note: 'A check of this server; nothing to do.' })

export interface SocketLook {
  /** How long a server may take to greet, or to refuse a message, in ms. */
  readonly listenMs: number
  /** Whether it is told something that it cannot know. */
  readonly message: boolean
}

/**
 * Looks at a WebSocket server with at most seven connections: one or two after another, and five at once. One that says
 * that it is busy is asked nothing more.
 */
export async function lookAtSocket(target: Target, allowance: Allowance, look: SocketLook): Promise<Finding[]> {
  const dials: Dial[] = []
  const dial = () => {
    const made = new Dial(target, allowance)
    dials.push(made)
    return made
  }
  const { signal } = allowance
  const found: Finding[] = []
  const tell = (findings: () => Finding[]) => {
    // What was cut short says nothing of the server.
    if (!signal.aborted) found.push(...findings())
  }
  try {
    const first = dial()
    const inTime = await first.settled()
    if (first.openMs === undefined) {
      tell(() => refusalSays(first, inTime))
      return found
    }
    tell(() => openSays(first))
    await first.listen(look.listenMs)
    await lookAtConnection(first, tell)
    const { code } = first.closed ?? {}
    if (signal.aborted || code === 1012 || code === 1013) return found

    if (look.message) {
      const second = dial()
      await second.settled()
      if (second.openMs !== undefined) await second.say(unknown, look.listenMs)
      tell(() => unknownSays(second))
      await second.close()
    }
    if (signal.aborted) return found
    const crowd = Array.from({ length: burstSize }, dial)
    await Promise.all(crowd.map((one) => one.settled()))
    tell(() => crowdSays(crowd))
    await Promise.all(crowd.map((one) => (one.openMs === undefined ? one.end() : one.close())))
    return found
  } finally {
    for (const one of dials) one.end()
  }
}

/** A connection that is open: what was said over it, whether somebody is there, and how it ends. */
async function lookAtConnection(first: Dial, tell: (findings: () => Finding[]) => void): Promise<void> {
  const { closed } = first
  if (closed) {
    tell(() => [...hintSays(first), ...endSays(closed)])
    return
  }
  const pongMs = await first.ping()
  const isOpen = first.closed === undefined
  tell(() => [...hintSays(first), ...pingSays(pongMs, !isOpen)])
  await first.close()
  if (isOpen) tell(() => closeSays(first.closed))
}
