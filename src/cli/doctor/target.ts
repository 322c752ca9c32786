import { OptionsError } from '../../core/options.ts'

/** What is looked at. */
export interface Target {
  /** Without credentials; its query is sent and never shown. */
  readonly url: URL
  /** As it may be shown: no credentials, no values of a query. */
  readonly shown: string
  readonly isSocket: boolean
  /** The page that a browser would speak for. */
  readonly origin: string
  /** Subprotocols that a socket offers. */
  readonly protocols: readonly string[]
  /** Sent with every request, to this origin only. */
  readonly headers: Readonly<Record<string, string>>
}

/** The page of another origin, unless one is named: a host that nobody can have (RFC 6761). */
const nobody = 'https://doctor.invalid'

const protocols = ['http:', 'https:', 'ws:', 'wss:']

/**
 * Reads a URL and headers. Credentials in the URL become an `Authorization` header, as a browser would have it.
 *
 * @throws OptionsError that quotes neither
 */
export function targetOf(text: string, given: readonly string[], page?: string, protocol?: string): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !protocols.includes(url.protocol) || url.hostname === '') {
    throw new OptionsError('url', 'doctor wants a URL that begins with http://, https://, ws:// or wss://')
  }
  const headers = Object.fromEntries(given.map(headerOf))
  if (url.username !== '' || url.password !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers.authorization ??= `Basic ${Buffer.from(pair).toString('base64')}`
    url.username = ''
    url.password = ''
  }
  url.hash = ''
  // A request for an upgrade names a page only where somebody did: many servers refuse one that they do not know.
  if (page !== undefined && url.protocol.startsWith('ws')) headers.origin = originOf(page)
  const query = url.search === '' ? '' : '?…'
  return {
    url,
    shown: `${url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin}${url.pathname}${query}`,
    origin: page === undefined ? nobody : originOf(page),
    protocols: protocol === undefined ? [] : [protocolOf(protocol)],
    isSocket: url.protocol.startsWith('ws'),
    headers,
  }
}

/** A name of a subprotocol is a token (RFC 6455, 4.1). */
function protocolOf(name: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return name
  throw new OptionsError('--protocol', '--protocol wants the name of a subprotocol, as in graphql-transport-ws')
}

function originOf(page: string): string {
  const origin = URL.canParse(page) ? new URL(page).origin : 'null'
  if (origin !== 'null') return origin
  throw new OptionsError('--origin', '--origin wants the origin of a page, as in https://app.example')
}

/** What each `--header` gave, and the arguments without them. */
export function takeHeaders(args: readonly string[]): { readonly headers: readonly string[]; readonly rest: string[] } {
  const headers: string[] = []
  const rest: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string
    if (arg.startsWith('--header=')) headers.push(arg.slice('--header='.length))
    else if (arg === '--header' || arg === '-H') {
      const header = args[++index]
      if (header === undefined) throw wanted()
      headers.push(header)
    } else rest.push(arg)
  }
  return { headers, rest }
}

/** Those that say how a request is framed are not anybody's to set: what came back would say nothing. */
const reserved = /^(host|connection|upgrade|transfer-encoding|content-length|origin|sec-websocket-.*)$/

function headerOf(text: string): [name: string, value: string] {
  const at = text.indexOf(':')
  const name = text.slice(0, Math.max(0, at)).trim().toLowerCase()
  const value = text.slice(at + 1).trim()
  // What HTTP takes for a name, and no line break in a value (RFC 9110, 5.1 and 5.5).
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw wanted()
  if (reserved.test(name)) throw new OptionsError('--header', `--header cannot set ${name}: the doctor sets it`)
  return [name, value]
}

function wanted(): OptionsError {
  return new OptionsError('--header', `--header wants 'Name: value'`)
}
