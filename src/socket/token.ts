/** What a socket needs of a token source. */
export interface SocketToken {
  get(options: { signal: AbortSignal }): Promise<TokenInUse>
  /** The server did not accept this one. */
  rejected(token: TokenInUse): void
}

export interface TokenInUse {
  readonly accessToken: string
}
