import { authorityOf } from '../core/authority.ts'
import { OptionsError } from '../core/options.ts'

const hostAndPort = /^(\[[^\]]+\]|[^\s:/?#@[\]]+):\d+$/

/**
 * The key of an upstream as a person names it: a URL, or the key itself.
 *
 * @throws OptionsError for a bare host, which could be either port
 */
export function authorityNamed(name: string, upstreamOf: ((url: URL) => string) | undefined): string {
  if (URL.canParse(name) && /^(https?|wss?):\/\//i.test(name)) return (upstreamOf ?? authorityOf)(new URL(name))
  if (upstreamOf !== undefined) return name
  if (!hostAndPort.test(name) || !URL.canParse(`http://${name}`)) {
    // Not what it was: a URL can hold a password.
    throw new OptionsError('authority', "an upstream is named by 'host:port' or by a URL, got neither")
  }
  // As a URL spells it: a kill switch for 'API.example:443' must not miss what is called api.example:443.
  return authorityOf(new URL(`http://${name}`))
}
