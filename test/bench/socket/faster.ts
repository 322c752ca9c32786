import { medianOfRounds } from '../median.ts'
import type { FasterPeer } from '../section.ts'
import type { Kind, Samples } from './measure.ts'

const ours = 'ReliableSocket'

/** A peer that was cheaper in fewer of the rounds than this share may have been lucky. */
const clearly = 0.75

const beneath = 'it is what runs under ours, so that all that ours does comes on top'
const handsOn =
  'it hands on the event object that `ws` made; ours makes one whose target is itself, asks whether the frame is a heartbeat’s or a session’s, and dispatches as an EventTarget'
const sendsOn =
  'it looks at one readyState and calls `ws`; ours looks at the kind of data, at its state, and whether a session or an older message comes first'
const dialsAtOnce =
  'it dials at once; ours passes the gate that all sockets to a host share, can be given up at every step, and tells each step to its state machine'
const holdsLess = 'it keeps neither a state machine nor what it knows of a host'
const otherClient = 'it is another client (undici in Node), whose parser and writes are cheaper here than those of `ws`'

/** What makes others cheaper, by what is measured; of what is the case on each machine. */
const why: Readonly<Record<Kind, string>> = {
  received: handsOn,
  receiveCpu: handsOn,
  receivePerSecond: handsOn,
  sent: sendsOn,
  echoCpu: `${handsOn}; and ${sendsOn}`,
  echoPerSecond: `${handsOn}; and ${sendsOn}`,
  connectCpu: dialsAtOnce,
  bytes: holdsLess,
}

const what: Readonly<Record<Kind, string>> = {
  received: 'a message, from ws to a listener',
  sent: 'a send, from the caller to ws',
  receiveCpu: 'CPU of a message received over loopback',
  receivePerSecond: 'messages received per second',
  echoCpu: 'CPU of an echo over loopback',
  echoPerSecond: 'echoes per second',
  connectCpu: 'CPU of making a connection',
  bytes: 'heap of an idle socket',
}

/** Who was cheaper than ours, in what. */
export function fasterPeers(all: ReadonlyMap<string, Samples>): FasterPeer[] {
  const mine = all.get(ours)!
  const found: FasterPeer[] = []
  for (const kind of Object.keys(what) as Kind[]) {
    for (const [peer, samples] of all) {
      const theirs = samples[kind]
      if (peer.startsWith(ours) || theirs.length === 0) continue
      const costs = kind.endsWith('PerSecond') ? inverse : over
      const ratio = medianOfRounds(theirs, mine[kind], costs)
      const cheaper = theirs.filter((value, round) => costs(value, mine[kind][round]!) < 1).length
      if (ratio >= 1 || cheaper < clearly * theirs.length) continue
      found.push({ peer, at: what[kind], ratio, why: reason(peer, kind) })
    }
  }
  return found
}

const over = (theirs: number, mine: number): number => theirs / mine
const inverse = (theirs: number, mine: number): number => mine / theirs

function reason(peer: string, kind: Kind): string {
  if (peer === 'ws') return beneath
  return peer === 'native WebSocket' ? otherClient : why[kind]
}
