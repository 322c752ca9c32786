import type { Allowance } from './allowance.ts'
import { burstSize } from './allowance.ts'
import { Dial } from './dial.ts'
import { advice, type Finding } from './finding.ts'
import { crowdSays, refusalSays } from './socket-refusal.ts'
import { closeSays, endSays, hintSays, openSays, pingSays, unknownSays } from './socket-words.ts'
import type { Target } from './target.ts'

/** What the server cannot know; nobody's protocol, and harmless as JSON and as text. */
const unknown = JSON.stringify({ type: 'breakwater-doctor', note: 'A check of this server; nothing to do.' })

/** How long a few at once are watched at most, in ms. */
const mostStayMs = 1_000

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
    tell(() => openSays(first, target.url.protocol === 'wss:'))
    await first.listen(look.listenMs)
    const alone = first.closed
    await lookAtConnection(first, tell)
    const { code } = first.closed ?? {}
    if (code === 1012 || code === 1013) {
      const unseen = look.message ? 'an unknown message and a burst' : 'a burst'
      tell(() => [advice('not seen', `It was asked nothing more after its ${code}; not looked at: ${unseen}.`)])
      return found
    }
    if (signal.aborted) return found

    if (look.message && alone) {
      const says = 'Not looked at: it closes a connection before anything can be said over it.'
      tell(() => [advice('unknown message', says)])
    } else if (look.message) {
      const second = dial()
      await second.settled()
      if (second.openMs !== undefined) await second.say(unknown, look.listenMs)
      tell(() => unknownSays(second))
      await second.close()
    }
    if (signal.aborted) return found
    const crowd = Array.from({ length: burstSize }, dial)
    await Promise.all(crowd.map((one) => one.settled()))
    const open = crowd.filter(({ openMs }) => openMs !== undefined)
    // To be let in is not to be allowed to stay.
    await Promise.all(open.map((one) => one.listen(Math.min(look.listenMs, mostStayMs))))
    tell(() => crowdSays(crowd, alone))
    await Promise.all(crowd.map((one) => (one.openMs === undefined ? one.end() : one.close())))
    return found
  } finally {
    for (const one of dials) one.end()
  }
}

/** A connection that is open: what was said over it, whether somebody is there, and how it ends. */
async function lookAtConnection(first: Dial, tell: (findings: () => Finding[]) => void): Promise<void> {
  const { closed, aliveMs = 0 } = first
  if (closed) {
    tell(() => [...hintSays(first), ...endSays(closed, aliveMs)])
    return
  }
  const pongMs = await first.ping()
  const isOpen = first.closed === undefined
  tell(() => [...hintSays(first), ...pingSays(pongMs, !isOpen)])
  await first.close()
  if (isOpen) tell(() => closeSays(first.closed))
}
