import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Allowance } from './allowance.ts'
import type { Target } from './target.ts'

/**
 * What became of a body: it came to its end; it calls itself a stream, which has none; we had enough of it; its end did
 * not come in time; the connection broke before it.
 */
type Body = 'ended' | 'stream' | 'cut' | 'late' | 'broken'

/** A server answered. */
export interface Answer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** Wall time here, when it was sent and when its headers had come. */
  readonly sentAt: number
  readonly gotAt: number
  /** How long the headers took, in ms. */
  readonly tookMs: number
  /** Whether it came over a connection that had been there. */
  readonly reused: boolean
  /** How long the connection took, in ms; undefined where there was one. */
  readonly connectMs: number | undefined
  readonly tlsMs: number | undefined
  /** When the certificate of the server ends, as wall time. */
  readonly certificateEndsAt: number | undefined
  readonly body: Body
}

/** It did not; `TIMEOUT` where nothing came in time, `NOT_TLS` where TLS met something else. */
export interface Failure {
  readonly code: string
}

export type Exchange = Answer | Failure

export function isAnswer(exchange: Exchange | undefined): exchange is Answer {
  return exchange !== undefined && 'status' in exchange
}

const nothing: Failure = { code: 'ERROR' }

/** More of a body than this is not read, in bytes. */
const enoughBody = 1_048_576

/** What is meant to have no end, and how long it is watched, in ms. */
const streams = /^(text\/event-stream|multipart\/x-mixed-replace)\b/i
const enoughMs = 1_000

/** Asks a server, one connection for all that comes after another. Follows nothing: what is sent is for one origin. */
export class Asking {
  readonly #target: Target
  readonly #allowance: Allowance
  readonly #agent: HttpAgent

  constructor(target: Target, allowance: Allowance) {
    this.#target = target
    this.#allowance = allowance
    this.#agent =
      target.url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  }

  ask(method: string, more: Readonly<Record<string, string>> = {}): Promise<Exchange> {
    const { url, headers } = this.#target
    const { clock } = this.#allowance
    this.#allowance.take()
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest
    const sentAt = clock.wallNow()
    const from = clock.now()
    let connectMs: number | undefined
    let tlsMs: number | undefined
    return new Promise((resolve) => {
      const sent = start(url, {
        method,
        agent: this.#agent,
        headers: { 'user-agent': 'breakwater-doctor', accept: '*/*', ...headers, ...more },
      })
      let heard: Answer | undefined
      let isStream = false
      let free = () => {}
      // What has been heard is kept, whatever becomes of the body.
      const end = (failure: Failure, body: Body = 'broken') => {
        free()
        resolve(heard ? { ...heard, body } : failure)
      }
      sent.on('error', (error: NodeJS.ErrnoException) => end({ code: failureCode(error) ?? 'ERROR' }))
      const bound = (ms: number) => {
        free = this.#allowance.bound((code) => {
          end({ code }, code === 'ABORTED' ? 'cut' : isStream ? 'stream' : 'late')
          sent.destroy()
        }, ms)
      }
      bound(this.#allowance.timeoutMs)
      sent.on('socket', (socket) => {
        if (sent.reusedSocket) return
        socket.once('connect', () => (connectMs = clock.now() - from))
        socket.once('secureConnect', () => (tlsMs = clock.now() - from - (connectMs ?? 0)))
      })
      sent.on('response', (response) => {
        heard = {
          status: response.statusCode ?? 0,
          header: (name) => headerOf(response, name),
          sentAt,
          gotAt: clock.wallNow(),
          tookMs: clock.now() - from,
          reused: sent.reusedSocket,
          connectMs,
          tlsMs,
          certificateEndsAt: certificateEndsAt(response),
          body: 'broken',
        }
        isStream = streams.test(headerOf(response, 'content-type') ?? '')
        if (isStream) {
          free()
          bound(Math.min(enoughMs, this.#allowance.timeoutMs))
        }
        // The body is read to its end, so that the connection can be used again.
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes <= enoughBody) return
          end(nothing, 'cut')
          response.destroy()
        })
        response.on('end', () => end(nothing, 'ended'))
        response.on('error', () => end(nothing))
        response.on('close', () => end(nothing))
      })
      sent.end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/**
 * The platform's word for what went wrong. A handshake that met no TLS has the same as one that was refused, but for its
 * message, which is read for that and never shown: it can hold a URL.
 */
export function failureCode(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code !== 'string') return undefined
  const isHandshake = code === 'EPROTO' || code.startsWith('ERR_SSL_')
  return isHandshake && /wrong version number|unexpected message|too long/.test(String(message)) ? 'NOT_TLS' : code
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function certificateEndsAt({ socket }: IncomingMessage): number | undefined {
  if (!('getPeerCertificate' in socket)) return undefined
  const { valid_to: until } = (socket as TLSSocket).getPeerCertificate()
  return until === undefined ? undefined : Date.parse(until)
}
