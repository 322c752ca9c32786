import type { Token, TokenSource } from '../refresh/token.ts'

/** What a socket needs of a token source; any will do. */
export interface SocketToken extends Pick<TokenSource, 'get' | 'rejected'> {
  /** The only origin whose dials carry it, as of http; every one if absent. */
  readonly origin?: string | undefined
}

export type TokenInUse = Token

/** Whether a dial to this URL may carry the tokens of a source. */
export function mayCarry({ origin }: SocketToken, url: URL): boolean {
  return origin === undefined || url.origin.replace(/^ws/, 'http') === origin
}
