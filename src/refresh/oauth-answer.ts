import { parseHttpDate } from '../core/http-date.ts'
import { parseRetryAfter } from '../core/retry-after.ts'
import type { FetchedToken } from './token.ts'
import { TokenError } from './token-error.ts'

/** More than any token answer is, in bytes; a page that is longer is none. */
const longestAnswer = 262_144

/**
 * Reads the answer of a token endpoint (RFC 6749, 5.1 and 5.2).
 *
 * What it says goes before its status: some providers send errors with a 200. A page of HTML, an empty body and a
 * redirect are no answer, whatever their status.
 *
 * @throws TokenError
 */
export async function readGrant(response: Response): Promise<FetchedToken> {
  const { status, headers } = response
  const members = objectOf(await textOf(response))
  const retryAfterMs = retryAfterOf(headers)
  const { error } = members ?? {}
  if (typeof error === 'string') throw new TokenError('refused', { error, status, retryAfterMs })
  if (status < 200 || status > 299) throw new TokenError('refused', { status, retryAfterMs })
  if (members === undefined) throw new TokenError('invalid', { status })
  const { access_token, token_type, expires_in, refresh_in, refresh_token } = members
  if (typeof access_token !== 'string') throw new TokenError('invalid', { status })
  return {
    accessToken: access_token,
    ...(typeof token_type === 'string' && token_type !== '' && { tokenType: token_type }),
    // Absent, and there is an end in the token itself or none; there but unreadable, and it is no answer.
    ...(expires_in !== undefined && expires_in !== null && { expiresIn: seconds(expires_in) ?? Number.NaN }),
    ...(seconds(refresh_in) !== undefined && { refreshIn: seconds(refresh_in) }),
    ...(typeof refresh_token === 'string' && refresh_token !== '' && { refreshToken: refresh_token }),
  }
}

/** Some send numbers as text. */
function seconds(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : undefined
}

async function textOf(response: Response): Promise<string | undefined> {
  const length = Number(response.headers.get('content-length') ?? 0)
  const { body } = response
  if (length > longestAnswer) {
    body?.cancel().catch(() => {})
    return undefined
  }
  // React Native shows no stream.
  if (!body) return response.text()
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    text += decoder.decode(value, { stream: true })
    if (text.length <= longestAnswer) continue
    reader.cancel().catch(() => {})
    return undefined
  }
}

function objectOf(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? '')
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** A date is counted from the server's own `Date`: whose clock is right does not matter then. */
function retryAfterOf(headers: Headers): number | undefined {
  const date = headers.get('date')
  const now = date === null ? undefined : parseHttpDate(date, 0)
  const text = headers.get('retry-after')?.trim()
  if (text === undefined) return undefined
  return now === undefined && !/^\d+$/.test(text) ? undefined : parseRetryAfter(text, now ?? 0)
}
