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
  const token = options.token && (await options.token.get({ signal }))
  const context = { attempt, signal, token: token?.accessToken }
  const found = typeof url === 'function' ? readUrl(await url(context)) : url
  const offered = readProtocols(typeof protocols === 'function' ? await protocols(context) : protocols)
  if (token === undefined || (options.token && !mayCarry(options.token, found))) {
    return { url: found, protocols: offered, headers: options.headers, token: undefined }
  }
  const headers = { ...options.headers, authorization: `${token.tokenType} ${token.accessToken}` }
  return { url: found, protocols: offered, headers, token }
}
