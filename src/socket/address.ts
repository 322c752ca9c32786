/** Where a socket dials, or who is asked before every dial. */
export type UrlSource = string | URL | UrlProvider

export type UrlProvider = (dial: DialContext) => string | URL | Promise<string | URL>

/** The subprotocols it offers, or who is asked before every dial. */
export type ProtocolsSource =
  | string
  | readonly string[]
  | ((dial: DialContext) => string | readonly string[] | Promise<string | readonly string[]>)

/** What a provider is told of the dial that it is asked for. */
export interface DialContext {
  /** Counted from 1; back at 1 after proven uptime. */
  readonly attempt: number
  /** Aborted when the answer comes too late. */
  readonly signal: AbortSignal
  /** The access token of the socket's `token` source, for those who have to put it into the URL or a subprotocol. */
  readonly token: string | undefined
}

/** A token of RFC 9110, 5.6.2, as RFC 6455, 4.1 wants subprotocols to be. */
const token = /^[-\w!#$%&'*+.^`|~]+$/

/** Reads a URL as the WebSocket standard does: relative to the page, with http taken as ws. @throws DOMException SyntaxError */
export function readUrl(given: string | URL): URL {
  const { location } = globalThis as { location?: { href: string } }
  const text = `${given}`
  const base = location?.href
  if (!URL.canParse(text, base)) throw syntaxError('the URL of a socket cannot be read')
  const url = new URL(text, base)
  const scheme = url.protocol.replace(/^http/, 'ws')
  if (!/^wss?:$/.test(scheme)) throw syntaxError(`the URL of a socket begins with ws: or wss:, got ${scheme}`)
  if (url.hash || text.includes('#')) throw syntaxError('the URL of a socket has no fragment')
  url.protocol = scheme
  return shared(url)
}

let latest: URL | undefined

/** The sockets of a process mostly go to one address, and the object takes 250 bytes. One with a secret is not kept. */
function shared(url: URL): URL {
  if (url.search || url.password) return url
  if (latest?.href !== url.href) latest = url
  return latest
}

let latestOrigin = ''

/** One text for all sockets to one host. */
export function originOf({ origin }: URL): string {
  if (origin !== latestOrigin) latestOrigin = origin
  return latestOrigin
}

const none: readonly string[] = []

/**
 * Anything that is no list is one name, as text.
 *
 * @throws DOMException SyntaxError for a subprotocol that is none, or twice in the list
 */
export function readProtocols(given: string | readonly string[]): readonly string[] {
  const isList = typeof given !== 'string' && Symbol.iterator in Object(given)
  const protocols = isList ? Array.from(given, String) : [String(given)]
  const names = new Set(protocols.map((name) => name.toLowerCase()))
  if (names.size < protocols.length) throw syntaxError('a subprotocol is there twice')
  if (!protocols.every((name) => token.test(name))) throw syntaxError('a subprotocol is not a token')
  return protocols.length === 0 ? none : protocols
}

/**
 * Reads what `close` is given as the standard does: any value as a number, and as text. 1005 stands for no code.
 *
 * @throws DOMException InvalidAccessError for a code, SyntaxError for a reason that a page may not close with
 */
export function readClose(given: number | undefined, text: string): { readonly code: number; readonly reason: string } {
  const reason = String(text)
  const bytes = byteLength(reason)
  const code = Math.round(Number(given))
  if (given !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException(`close wants the code 1000 or one from 3000 to 4999, got ${given}`, 'InvalidAccessError')
  }
  if (bytes > 123) throw syntaxError(`the reason of a close has at most 123 bytes, got ${bytes}`)
  // A frame has no reason without a code.
  const absent = reason === '' ? 1005 : 1000
  return { code: given === undefined ? absent : code, reason }
}

/** Bytes of a text in UTF-8, without encoding it. */
export function byteLength(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++, bytes++) {
    const point = text.codePointAt(at) ?? 0
    if (point > 0x7f) bytes++
    // Half a pair becomes a replacement character, of three bytes as well.
    if (point > 0x7ff) bytes++
    if (point > 0xffff) {
      bytes++
      at++
    }
  }
  return bytes
}

function syntaxError(message: string): DOMException {
  return new DOMException(message, 'SyntaxError')
}
