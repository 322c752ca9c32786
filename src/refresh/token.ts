/** What a token source gives. It is frozen; what it holds belongs in no log. */
export interface Token {
  readonly accessToken: string
  /** How it is presented: `Bearer`, as a rule. */
  readonly tokenType: string
  /** When it ends, epoch ms by this machine's calendar; `Infinity` where nobody said. */
  readonly expiresAt: number
  /** What the next one is bought with, where the provider gave such a token. */
  readonly refreshToken?: string
}

/** What a provider gave. One of `expiresIn` and `expiresAt`; with neither, the token's own claims, or no end at all. */
export interface FetchedToken {
  readonly accessToken: string
  readonly tokenType?: string | undefined
  /** Seconds from just before it was asked for. */
  readonly expiresIn?: number | undefined
  /** Epoch ms, by the provider's clock. */
  readonly expiresAt?: number | undefined
  /** When the provider wants it to be renewed, in seconds. */
  readonly refreshIn?: number | undefined
  readonly refreshToken?: string | undefined
}

/** What a call of a token request may say for itself; all of it is understood by a client's `fetch`. */
export interface TokenCallOptions {
  deadlineMs?: number | undefined
  attemptMs?: number | undefined
  priority?: 'critical' | 'high' | 'normal' | 'low' | 'background' | undefined
  idempotent?: boolean | undefined
  retry?: { attempts?: number; methods?: readonly string[] } | false | undefined
}

/** A `fetch` with layers, without a token. A client's own `fetch` is one. */
export type TokenFetch = (
  input: Parameters<typeof globalThis.fetch>[0],
  init?: RequestInit & { breakwater?: TokenCallOptions },
) => Promise<Response>

/** What `fetchToken` is told. */
export interface FetchTokenContext {
  /** Aborted when the renewal takes too long or the source is closed. It belongs to no caller. */
  readonly signal: AbortSignal
  /** The token that is to be replaced. */
  readonly previous?: Token
  readonly reason: 'first' | 'renewal' | 'rejected'
  /** With layers and upstreams but without a token: that of the client which uses the source, or the source's own. */
  readonly fetch: TokenFetch
}

export type FetchToken = (context: FetchTokenContext) => Promise<FetchedToken>

/** A token that is always there: renewed before it ends, once for all who use it. */
export interface TokenSource {
  /**
   * The token. At once while it is good; else all who ask wait for the same renewal. After `rejected(current)` it waits
   * for the one renewal that follows.
   *
   * `signal` ends the wait of this caller alone. A token that is good for less than `minValidMs` is renewed first, if it
   * can be.
   */
  get(options?: { signal?: AbortSignal | undefined; minValidMs?: number | undefined }): Promise<Token>
  /** A server refused this token. If it is still the current one, it is renewed; else nothing happens. */
  rejected(token: Token): void
  /** The token, if it is good. Asking for it so does not keep it fresh. */
  peek(): Token | undefined
  /** Hears of every new token. A listener that throws is reported and changes nothing. The function returned ends it. */
  onChange(listener: (token: Token) => void): () => void
  /** Ends renewals; who waits, and whoever asks later, gets a `ClosedError`. Resolves when nothing runs any more. */
  close(): Promise<void>
}
