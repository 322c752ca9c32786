import { pulled, withBody } from './response.ts'

/** A response that may still be wanted. One of the two is called, once. */
export interface Aside {
  /** The response, whole. */
  restore(): Response
  /** Nobody will read it. */
  drop(): void
}

/** Answers that refuse are short; of a longer one the rest stays where it is. */
const mostBytes = 65_536

/** Reads on ahead in a response, so that meanwhile it holds no connection and no place in a limit. */
export function setAside(response: Response): Aside {
  const { body } = response
  // React Native has read it by now and shows none.
  if (!body || body.locked) return { restore: () => response, drop: ignore }
  const reader = body.getReader()
  const reads: Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>[] = []
  let wanted = false
  const readAhead = async () => {
    for (let bytes = 0; bytes <= mostBytes && !wanted; ) {
      const next = reader.read()
      reads.push(next)
      const { done, value } = await next
      if (done) return
      bytes += value.byteLength
    }
  }
  // A body that breaks off does so for who reads it.
  readAhead().catch(ignore)
  return {
    restore: () => {
      wanted = true
      return withBody(
        response,
        pulled(reader, () => reads.shift() ?? reader.read()),
      )
    },
    drop: () => void reader.cancel().catch(ignore),
  }
}

function ignore(): void {}
