/** One dial, as the server saw it. */
export interface Visit {
  readonly url: string
  readonly protocols: string
  /** What was said, binary messages as hex; shortened. */
  readonly messages: string[]
}

let made = 0

/** A name for the dials of one test. */
export function newId(): string {
  made++
  return `${made}-${Math.round(performance.timeOrigin + performance.now())}`
}

/** The dials under this name so far. */
export async function visitsOf(origin: string, id: string): Promise<Visit[]> {
  const answer = await fetch(`${origin.replace('ws:', 'http:')}/visits?id=${id}`)
  return (await answer.json()) as Visit[]
}
