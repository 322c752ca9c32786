import { OptionsError } from '../core/options.ts'

/**
 * A path from outside ("//evil.example/x", "https://evil.example") must not carry the client's credentials elsewhere.
 *
 * @throws OptionsError where a URL that was given as text leads away from the base
 */
export function stayHome(url: URL, base: string | URL): void {
  if (url.origin === new URL(base).origin) return
  throw new OptionsError(
    'baseUrl',
    `a string leads away from baseUrl (to ${url.origin}); pass a URL object to mean that`,
  )
}
