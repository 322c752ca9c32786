import WebSocket from 'ws'
import { parseHint, ReliableSocket, type Session } from '../../../src/socket/index.ts'
import type { Storm } from './scenario.ts'

/** What a client tells of itself. */
interface Ears {
  opened(): void
  /** A connection is gone, or a dial became none. */
  lost(): void
}

/** One client; the function returned ends it. */
export type Client = (url: string, ears: Ears, storm: Storm) => () => void

/** What is often written by hand: wait 1 s, 2 s, 4 s …, all alike; begin at 1 s again once it is open. */
export const naiveClient: Client = (url, ears, { connectMs, firstWaitMs, longestWaitMs }) => {
  let socket: WebSocket
  let timer: NodeJS.Timeout
  let losses = 0
  let ended = false
  const dial = () => {
    socket = new WebSocket(url, { perMessageDeflate: false })
    timer = setTimeout(() => socket.terminate(), connectMs)
    socket.on('open', () => {
      clearTimeout(timer)
      losses = 0
      ears.opened()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      if (ended) return
      ears.lost()
      timer = setTimeout(dial, Math.min(longestWaitMs, firstWaitMs * 2 ** losses++))
    })
  }
  dial()
  return () => {
    ended = true
    clearTimeout(timer)
    socket.terminate()
  }
}

/** Reads what the server says when it welcomes a client: when to come back, should it crash. */
const welcomed = (): Session => ({
  opened: (link) => link.ready(),
  received(frame, link) {
    const hint = typeof frame === 'string' ? parseHint(frame) : undefined
    if (hint) link.hint(hint)
    else link.deliver(frame)
  },
})

/** As it comes. A runtime of its own makes each stand for another machine: within one, sockets take turns to dial. */
export const reliableClient: Client = (url, ears) => {
  const socket = new ReliableSocket(url, [], { session: welcomed(), runtime: {} })
  socket.onopen = () => ears.opened()
  socket.onclose = ({ willReconnect }) => {
    if (willReconnect) ears.lost()
  }
  return () => socket.close()
}
