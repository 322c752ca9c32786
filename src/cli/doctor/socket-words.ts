import { inSeconds } from '../../simulate/sentence.ts'
import { causeOfCode } from '../../socket/classify.ts'
import { hintOf } from '../../socket/hint.ts'
import { parseHint } from '../../socket/index.ts'
import { meaningOf } from './close-codes.ts'
import type { Closed, Dial } from './dial.ts'
import { advice, type Finding, ok, problem, took } from './finding.ts'

/** A handshake that takes longer is felt by a fleet that needs all of them at once, in ms. */
const slowHandshakeMs = 1_000

/** Who closes sooner has not let anybody in, in ms. */
const atOnceMs = 1_000

/** Unauthorized and forbidden, as 401 and 403 are: what is behind them is another question. */
const refusesLogin: readonly number[] = [3000, 3003, 4401, 4403]

/** Codes that servers also use where credentials are missing. */
function mayWantLogin(code: number): boolean {
  const cause = causeOfCode(code)
  return code === 1008 || (code >= 3000 && (cause === 'auth' || cause === 'fatal'))
}

/** What a connection costs. */
export function openSays({ transportMs = 0, openMs = 0 }: Dial, isSecure: boolean): Finding[] {
  const says = `A connection takes ${took(openMs)}, of which ${took(transportMs)} until ${isSecure ? 'TCP and TLS stand' : 'TCP stands'}`
  return [
    openMs < slowHandshakeMs
      ? ok('handshake', `${says}.`)
      : advice(
          'handshake',
          `${says}: after a restart the whole fleet needs that at once; look at what it does before it accepts.`,
        ),
  ]
}

/** Whether it tells its clients when it wants them back, as a greeting, as a member of one, or as it closed. */
export function hintSays({ messages, closed }: Dial): Finding[] {
  const hint = [...messages, closed?.reason ?? '']
    .map((text) => parseHint(text) ?? memberHint(text))
    .find((one) => one !== undefined)
  if (hint) {
    return [
      ok(
        'hint',
        `It says when it wants its clients back: after ${inSeconds(hint.afterMs)}, over ${inSeconds(hint.withinMs)}.`,
      ),
    ]
  }
  return [
    advice(
      'hint',
      `${closed ? 'Until it closed' : 'In the time that it was listened to'} it did not say when it wants its clients back, so after a restart they come over their own window; send reconnectHint({ connections, acceptPerSecond }) as it greets and as it closes (breakwater plan works it out).`,
    ),
  ]
}

function memberHint(text: string) {
  try {
    return hintOf((JSON.parse(text) as { hint?: unknown } | null)?.hint)
  } catch {
    return undefined
  }
}

/** It ended by itself, before anything had been said. */
export function endSays(closed: Closed, aliveMs: number): Finding[] {
  const meaning = meaningOf(closed, 'It closed a new connection by itself')
  if (aliveMs > atOnceMs) return [meaning]
  const { code } = closed
  const level = refusesLogin.includes(code) ? advice : problem
  const who = mayWantLogin(code) ? '; it may want credentials, see --header / --protocol' : ''
  const says = `It closes a new connection at once, ${took(aliveMs)} after it was open, with ${code}: nobody can use it, and ping and close could not be looked at${who}.`
  return [level('connection', says), meaning]
}

export function pingSays(pongMs: number | undefined, closed: boolean): Finding[] {
  if (pongMs !== undefined) return [ok('ping', `It answers a ping in ${took(pongMs)}.`)]
  if (closed)
    return [
      problem('ping', 'It closed the connection over a ping, so every heartbeat costs a reconnect; answer pings.'),
    ]
  return [
    problem(
      'ping',
      'It does not answer pings, so clients with a heartbeat take it for dead and dial again for ever; answer them, as every WebSocket library does by itself.',
    ),
  ]
}

/** How it answers a close of ours. */
export function closeSays(closed: Closed | undefined): Finding[] {
  if (closed?.wasClean && (closed.code === 1000 || closed.code === 1005))
    return [ok('close', `It answers a close with ${closed.code}.`)]
  if (closed?.wasClean) {
    return [
      advice(
        'close',
        `It answers a close of 1000 with ${closed.code}, so clients that look at the code take a goodbye for something else; answer with the same code.`,
      ),
    ]
  }
  return [
    advice(
      'close',
      'It does not answer a close frame, so each client that leaves waits for it in vain, and its place there stays taken; answer the close.',
    ),
  ]
}

/** What a message does that it cannot know. */
export function unknownSays({ openMs, closed }: Dial): Finding[] {
  if (openMs === undefined) {
    return [
      advice('unknown message', 'Not looked at: the connection for it was not accepted, though the first one was.'),
    ]
  }
  if (closed === undefined) return [ok('unknown message', 'It lives with a message that it does not know.')]
  return [meaningOf(closed, 'Over a message that it does not know it closed')]
}
