/** More than any server sends; a longer field is not read. */
const longestField = 4096

/** The parameters of an item of an RFC 9651 list; values other than numbers are kept as text. */
type Parameters = ReadonlyMap<string, number | string>

/**
 * When the quota comes back, in ms, from a `RateLimit` field (draft-ietf-httpapi-ratelimit-headers):
 * `"burst";r=0;t=5, "daily";r=120;t=3600`. The latest reset among the exhausted policies counts (`r=0`), or the
 * earliest of all if none is exhausted. A field that is malformed, or says no time, is ignored: undefined.
 */
export function parseRateLimit(text: string): number | undefined {
  const items = parseList(text)
  if (items === undefined) return undefined
  let exhausted: number | undefined
  let soonest: number | undefined
  for (const parameters of items) {
    const remaining = parameters.get('r')
    const seconds = parameters.get('t')
    if (!isCount(remaining)) return undefined
    if (seconds === undefined) continue
    if (!isCount(seconds)) return undefined
    if (remaining === 0) exhausted = Math.max(exhausted ?? 0, seconds)
    soonest = Math.min(soonest ?? seconds, seconds)
  }
  const seconds = exhausted ?? soonest
  return seconds === undefined ? undefined : seconds * 1000
}

/** A policy that a server announces in `RateLimit-Policy`: `"burst";q=100;w=10` is 100 calls in 10 s. */
export interface RateLimitPolicy {
  readonly calls: number
  readonly windowMs: number
}

/** The strictest policy of a `RateLimit-Policy` field that counts calls; undefined if none does or it is malformed. */
export function parseRateLimitPolicy(text: string): RateLimitPolicy | undefined {
  let strictest: RateLimitPolicy | undefined
  for (const parameters of parseList(text) ?? []) {
    const quota = parameters.get('q')
    const window = parameters.get('w')
    const unit = parameters.get('qu')
    if (!isCount(quota) || !isCount(window) || window === 0) continue
    if (unit !== undefined && unit !== 'requests') continue
    const policy = { calls: quota, windowMs: window * 1000 }
    if (!strictest || policy.calls / policy.windowMs < strictest.calls / strictest.windowMs) strictest = policy
  }
  return strictest
}

function isCount(value: number | string | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

// One alternative each for a string, a byte sequence, a number, a token or boolean, a date and a display string; all of
// them linear.
const bareItem =
  /"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"|:[A-Za-z0-9+/=]*:|(-?\d{1,15}(?:\.\d{1,3})?)|([A-Za-z*][\w:/!#$%&'*+.^`|~-]*|\?[01])|@-?\d{1,15}|%"(?:[\x20-\x21\x23-\x24\x26-\x7e]|%[0-9a-f]{2})*"/y
const parameterName = /[ ]*;[ ]*([a-z*][a-z0-9_.*-]*)/y
const separator = /[ \t]*,[ \t]*/y

/** An RFC 9651 list of items, or undefined when any part of it is malformed. Inner lists are not used by the draft. */
function parseList(text: string): Parameters[] | undefined {
  if (text.length > longestField) return undefined
  const items: Parameters[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) at = pattern.lastIndex
    return match
  }
  for (;;) {
    if (!take(bareItem)) return undefined
    const parameters = new Map<string, number | string>()
    for (let name = take(parameterName); name; name = take(parameterName)) {
      let value: number | string = 'true'
      if (text[at] === '=') {
        at++
        const match = take(bareItem)
        if (!match) return undefined
        value = match[2] === undefined ? (match[1] ?? match[0]) : Number(match[2])
      }
      parameters.set(name[1] ?? '', value)
    }
    items.push(parameters)
    if (at === text.length) return items
    if (!take(separator)) return undefined
  }
}
