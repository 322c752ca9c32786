/** Of some names the one that was most likely meant; `undefined` where none is near. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const lower = name.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    const far = startsOther(candidate, lower) ? 1 : distance(lower, candidate)
    if (far < least) {
      best = candidate
      least = far
    }
  }
  return best
}

/** ` Did you mean --clients?`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>, prefix = ''): string {
  const meant = nearest(name, names)
  return meant === undefined ? '' : ` Did you mean ${prefix}${meant}?`
}

/** A beginning of at least three letters is a name that was not written out. */
function startsOther(candidate: string, name: string): boolean {
  return name.length >= 3 && candidate.startsWith(name)
}

/** Letters that must be added, left out, changed or swapped with their neighbour. */
function distance(from: string, to: string): number {
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1]
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      const least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1))
      next.push(swapped ? Math.min(least, (before[j - 2] ?? 0) + 1) : least)
    }
    before = row
    row = next
  }
  return row[to.length] ?? 0
}
