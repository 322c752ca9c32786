import { OptionsError } from '../core/options.ts'

/** The URL that a call goes to; undefined when that is none of http or https. */
export function urlOf(input: RequestInfo | URL, base: URL | undefined): URL | undefined {
  const text = isRequest(input) ? input.url : String(input)
  const against = base ?? (globalThis as { location?: { href: string } }).location?.href
  const url = parsed(text, against)
  if (url === undefined) return undefined
  if (base !== undefined && !isRequest(input) && !isUrl(input)) stayHome(url, base)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined
}

/** One reading, where `URL.canParse` would be another; `URL.parse` is too young. */
function parsed(text: string, against: string | URL | undefined): URL | undefined {
  try {
    return new URL(text, against)
  } catch {
    return undefined
  }
}

/** Where a client's socket dials: a text is read relative to the base, as for requests. */
export function socketUrl(url: string | URL, base: URL | undefined): string | URL {
  if (base === undefined || typeof url !== 'string' || !URL.canParse(url, base)) return url
  const absolute = new URL(url, base)
  const sameSite = new URL(absolute)
  sameSite.protocol = absolute.protocol.replace(/^ws/, 'http')
  stayHome(sameSite, base)
  return absolute
}

/**
 * A path from outside ("//evil.example/x", "https://evil.example") must not carry the client's credentials elsewhere.
 *
 * @throws OptionsError where a URL that was given as text leads away from the base
 */
export function stayHome(url: URL, base: URL): void {
  if (url.origin === base.origin) return
  throw new OptionsError(
    'baseUrl',
    `a string leads away from baseUrl (to ${url.origin}); pass a URL object to mean that`,
  )
}

export function isRequest(input: RequestInfo | URL): input is Request {
  return typeof input === 'object' && 'clone' in input
}

function isUrl(input: string | URL): input is URL {
  return typeof input === 'object' && 'href' in input
}
