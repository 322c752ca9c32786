import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

export interface Service {
  /** What a person calls it. */
  readonly name: string
  /** The program's full path, or undefined where it is not installed. */
  readonly path: string | undefined
}

export const redis: Service = { name: 'redis-server', path: find(process.env.REDIS_SERVER_PATH, ['redis-server']) }

export const chromium: Service = {
  name: 'chromium',
  path: find(process.env.CHROMIUM_PATH, ['chromium', 'chromium-browser', 'google-chrome']),
}

/** One line about what is missing; undefined when the machine can run every test. */
export function missingServices(services: readonly Service[] = [redis, chromium]): string | undefined {
  const missing = services.filter((service) => service.path === undefined).map((service) => service.name)
  if (missing.length === 0) return undefined
  return `${missing.join(' and ')} not found: the tests that need it are skipped. Enable them with: npm run setup:services`
}

/**
 * Tells about missing services once. On a CI machine a skipped test would pass for a green one, so there it throws.
 */
export function reportServices(missing: string | undefined, ci: string | undefined): void {
  if (missing === undefined) return
  if (ci !== undefined && ci !== '' && ci !== 'false' && ci !== '0') {
    throw new Error(`${missing} (with CI=${ci} a missing service is a failure)`)
  }
  console.warn(missing)
}

/** A path named by hand is taken at its word or not at all: falling back to another program would hide the mistake. */
function find(byHand: string | undefined, names: readonly string[]): string | undefined {
  const wanted = byHand === undefined || byHand === '' ? names : [byHand]
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin')
  const candidates = wanted.flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))))
  return candidates.find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
