import { identifier } from '../../core/random.ts'
import type { Runtime } from '../../core/runtime.ts'
import { type Board, type LetGo, turnMs } from './board.ts'
import type { Talk } from './messages.ts'

/** How long a tab that is alive takes to answer, with a page that is busy; less where a lease is short. */
const patience = { mostMs: 100, ofLease: 1 / 20 }

/**
 * A board without Web Locks: each tab remembers what it holds and says so when asked. It cannot see a tab that does not
 * answer, and two who are both slow can hold the same name. A tab that can talk to nobody agrees with itself.
 */
export function spokenBoard(talk: Talk, { clock, random }: Runtime, leaseMs: number): Board {
  const answerMs = Math.min(patience.mostMs, leaseMs * patience.ofLease)
  const held = new Map<string, number>()
  /** Names that we are about to hold, and our rank among those who want them too. */
  const wanted = new Map<string, { readonly rank: string; lost: boolean }>()

  const unlisten = talk.listen((message) => {
    if (message.type === 'names?') {
      const names = [...held.keys()].filter((name) => name.startsWith(message.start))
      if (names.length > 0) talk.post({ type: 'names', to: message.from, names })
    } else if (message.type === 'claim') {
      const claim = wanted.get(message.name)
      if (held.has(message.name)) talk.post({ type: 'taken', name: message.name, rank: message.rank })
      else if (claim && message.rank < claim.rank) claim.lost = true
      // Whoever came later has not heard of us yet.
      else if (claim) talk.post({ type: 'claim', name: message.name, rank: claim.rank })
    } else if (message.type === 'taken') {
      const claim = wanted.get(message.name)
      // An answer to an earlier claim says nothing of now.
      if (claim?.rank === message.rank) claim.lost = true
    }
  })
  const names = async (start: string): Promise<string[]> => {
    const all = new Set([...held.keys()].filter((name) => name.startsWith(start)))
    if (!talk.heard) return [...all]
    // One for each question: a late answer to an earlier one tells of what was then.
    const from = identifier()
    const end = talk.listen((message) => {
      if (message.type !== 'names' || message.to !== from) return
      for (const name of message.names) if (name.startsWith(start)) all.add(name)
    })
    talk.post({ type: 'names?', from, start })
    await clock.sleep(answerMs)
    end()
    return [...all]
  }
  const add = (name: string): LetGo => {
    held.set(name, (held.get(name) ?? 0) + 1)
    let released = false
    return async () => {
      if (released) return
      released = true
      const left = (held.get(name) ?? 1) - 1
      if (left > 0) held.set(name, left)
      else held.delete(name)
    }
  }
  const hold: Board['hold'] = async (name, mode) => {
    if (mode === 'together') return add(name)
    if (held.has(name) || wanted.has(name)) return undefined
    if (!talk.heard) return add(name)
    const claim = { rank: identifier(), lost: false }
    wanted.set(name, claim)
    talk.post({ type: 'claim', name, rank: claim.rank })
    await clock.sleep(answerMs)
    wanted.delete(name)
    return claim.lost ? undefined : add(name)
  }
  return {
    hold,
    names,
    inTurn: async (name, work) => {
      const endsAt = clock.now() + turnMs
      let letGo = await hold(name, 'alone')
      while (letGo === undefined && clock.now() < endsAt) {
        await clock.sleep(random() * answerMs)
        letGo = await hold(name, 'alone')
      }
      try {
        return await work()
      } finally {
        await letGo?.()
      }
    },
    close: () => {
      unlisten()
      held.clear()
    },
  }
}
