import { fingerprint } from '../core/fingerprint.ts'
import { callback, OptionsError, oneOf, type Rule, type Rules, resolve } from '../core/options.ts'
import { describeGrant } from './grant.ts'
import { readGrant } from './oauth-answer.ts'
import type { FetchToken, TokenFetch } from './token.ts'
import { asUnsent } from './unsent.ts'

export interface ClientCredentialsOptions {
  /** The provider's token endpoint, an absolute URL. */
  tokenUrl: string | URL
  clientId: string
  clientSecret: string
  /** What the token is for, words parted by spaces. */
  scope?: string | undefined
  /** How the client says who it is: HTTP Basic, as RFC 6749 wants it, or in the body. `'header'` if absent. */
  auth?: 'header' | 'body' | undefined
  /** More members of the request: `{ audience }`, `{ resource }`. */
  parameters?: Readonly<Record<string, string>> | undefined
  /** Sends the request, in place of the `fetch` of the client that uses the source. */
  fetch?: TokenFetch | undefined
}

export interface RefreshTokenOptions extends Omit<ClientCredentialsOptions, 'clientSecret'> {
  /** Absent for a public client: a browser or an app that can keep no secret. */
  clientSecret?: string | undefined
  /** The refresh token of the sign-in. Later ones are the provider's. */
  refreshToken: string
}

const text: Rule = { wants: 'a text that is not empty', holds: (value) => typeof value === 'string' && value !== '' }

const clientRules: Rules<ClientCredentialsOptions> = {
  tokenUrl: {
    wants: 'an absolute http or https URL without a user or a password',
    holds: (value) => {
      if ((typeof value !== 'string' && !(value instanceof URL)) || !URL.canParse(value)) return false
      const { protocol, username, password } = new URL(value)
      return /^https?:$/.test(protocol) && username === '' && password === ''
    },
  },
  clientId: text,
  clientSecret: text,
  scope: text,
  auth: oneOf('header', 'body'),
  parameters: {
    wants: 'an object of texts',
    holds: (value) =>
      typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string'),
  },
  fetch: callback,
}

const refreshRules: Rules<RefreshTokenOptions> = { ...clientRules, refreshToken: text }

/**
 * Fetches tokens by the client credentials grant (RFC 6749, 4.4): a service that speaks for itself. To ask twice does no
 * harm, so a request that fails is repeated.
 *
 * @throws OptionsError
 */
export function clientCredentials(given: ClientCredentialsOptions): FetchToken {
  const options = complete('clientCredentials', clientRules, given, ['tokenUrl', 'clientId', 'clientSecret'])
  const fetchToken: FetchToken = ({ signal, fetch }) =>
    request(options, options.fetch ?? fetch, { grant_type: 'client_credentials', ...scopeOf(options) }, signal, {
      retry: { methods: ['POST'] },
    })
  return describeGrant(fetchToken, { mode: 'efficiency', key: keyOf(options) })
}

/**
 * Fetches tokens with a refresh token (RFC 6749, 6). It is sent once and never again, whatever becomes of the request:
 * most providers use it up, and take one that comes twice for stolen.
 *
 * @throws OptionsError
 */
export function refreshToken(given: RefreshTokenOptions): FetchToken {
  const options = complete('refreshToken', refreshRules, given, ['tokenUrl', 'clientId', 'refreshToken'])
  const fetchToken: FetchToken = async ({ signal, fetch, previous }) => {
    const presented = previous?.refreshToken ?? options.refreshToken
    const grant = { grant_type: 'refresh_token', refresh_token: presented, ...scopeOf(options) }
    // One attempt with all the time there is: a second one is what must not be.
    const once = { retry: false, attemptMs: 30_000, deadlineMs: 30_000 } as const
    const send: TokenFetch = (input, init) => (options.fetch ?? fetch)(input, init).catch(asUnsent)
    const fetched = await request(options, send, grant, signal, once)
    // A provider that gives no other one leaves this one in use.
    return { ...fetched, refreshToken: fetched.refreshToken ?? presented }
  }
  return describeGrant(fetchToken, { mode: 'exclusive', key: keyOf(options), seed: options.refreshToken })
}

async function request(
  options: Omit<RefreshTokenOptions, 'refreshToken'>,
  fetch: TokenFetch,
  grant: Record<string, string>,
  signal: AbortSignal,
  call: { retry: false | { methods: string[] }; attemptMs?: number; deadlineMs?: number },
) {
  const { tokenUrl, clientId, clientSecret, auth = 'header', parameters } = options
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  const form = new URLSearchParams({ ...parameters, ...grant })
  if (clientSecret !== undefined && auth === 'header') headers.authorization = basic(clientId, clientSecret)
  else form.set('client_id', clientId)
  if (clientSecret !== undefined && auth === 'body') form.set('client_secret', clientSecret)
  // A text and no URLSearchParams: every platform's fetch sends it again as it is. A redirect would take the secret along.
  const init: RequestInit = { method: 'POST', headers, body: form.toString(), signal, redirect: 'manual' }
  const response = await fetch(new URL(tokenUrl), { ...init, breakwater: { priority: 'critical', ...call } })
  return readGrant(response)
}

/** RFC 6749, 2.3.1: both are form-encoded first, and then joined. */
function basic(clientId: string, clientSecret: string): string {
  const encoded = [clientId, clientSecret].map((part) => new URLSearchParams({ '': part }).toString().slice(1))
  return `Basic ${btoa(encoded.join(':'))}`
}

function scopeOf({ scope }: { scope?: string | undefined }): Record<string, string> {
  return scope === undefined ? {} : { scope }
}

/** Who asks whom for what. Secrets stay out of it, since it names a place that others see. */
function keyOf({ tokenUrl, clientId, scope, parameters }: Omit<ClientCredentialsOptions, 'clientSecret'>): string {
  return `token-${fingerprint(JSON.stringify([String(tokenUrl), clientId, scope, parameters]))}`
}

function complete<Options extends object>(
  owner: string,
  rules: Rules<Options>,
  given: Options,
  needed: readonly (keyof Options & string)[],
): Readonly<Options> {
  const options = resolve<Partial<Options>>(owner, {}, rules as unknown as Rules<Partial<Options>>, given)
  for (const name of needed) {
    if (options[name] === undefined) throw new OptionsError(`${owner}.${name}`, `${owner}.${name} is needed`)
  }
  return options as Readonly<Options>
}
