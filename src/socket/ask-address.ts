import type { Context } from '../core/layer.ts'
import { type ProtocolsSource, readProtocols, readUrl, type UrlProvider } from './address.ts'
import { mayCarry, type SocketToken, type TokenInUse } from './token.ts'

/** Who is asked. */
export interface AddressSources {
  readonly url: URL | UrlProvider
  readonly protocols: ProtocolsSource
  readonly options: {
    readonly token: SocketToken | undefined
    readonly headers: Readonly<Record<string, string>>
  }
}

export interface Address {
  readonly url: URL
  readonly protocols: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** The token that it carries. */
  readonly token: TokenInUse | undefined
}

/** Asks for everything that a dial needs, anew for each: a URL can hold a token. */
export async function askAddress(
  { url, protocols, options }: AddressSources,
  about: Pick<Context, 'attempt' | 'signal'>,
): Promise<Address> {
  const { attempt, signal } = about
  const { token: source, headers } = options
  const isOwn = Object.keys(headers).some((name) => /^authorization$/i.test(name))
  // Nobody waits for a token that would not be sent.
  const isFor = (target: URL) => source !== undefined && mayCarry(source, target)
  const isWanted = typeof url === 'function' || (isFor(url) && (typeof protocols === 'function' || !isOwn))
  const token = isWanted ? await source?.get({ signal }) : undefined
  const context = { attempt, signal, token: token?.accessToken }
  const found = typeof url === 'function' ? readUrl(await url(context)) : url
  const offered = readProtocols(typeof protocols === 'function' ? await protocols(context) : protocols)
  if (token === undefined || !isFor(found)) return { url: found, protocols: offered, headers, token: undefined }
  const carried = isOwn ? headers : { ...headers, authorization: `${token.tokenType} ${token.accessToken}` }
  return { url: found, protocols: offered, headers: carried, token }
}
