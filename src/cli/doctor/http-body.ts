import { advice, type Finding, problem } from './finding.ts'
import { isRefusal } from './http-words.ts'
import type { Answer } from './request.ts'

/** Whether it began an answer that it did not end. */
export function isTorn({ body }: Answer): boolean {
  return body === 'late' || body === 'broken'
}

/** Whether answers come to an end. */
export function bodySays(answers: readonly Answer[]): Finding[] {
  const torn = answers.find(isTorn)
  if (torn?.body === 'late') {
    return [
      problem(
        'body',
        'Its answer begins and never ends, as far as --timeout lets one see: calls that read it hang until their own deadline; end it, or call a stream that is meant to stay open text/event-stream.',
      ),
    ]
  }
  if (torn) {
    return [
      problem(
        'body',
        'It dropped the connection in the middle of its answer, so a client has half of it and must ask for all again; end answers that were begun before you close.',
      ),
    ]
  }
  return answers.some(({ body }) => body === 'stream')
    ? [advice('body', 'It is a stream, so only how it begins was looked at.')]
    : []
}

/** What was left alone, because of an answer after which one asks nothing more. */
export function unseenSays(last: Answer, names: readonly string[]): Finding[] {
  const [first, ...others] = names.toReversed()
  if (first === undefined) return []
  const listed = others.length === 0 ? first : `${others.toReversed().join(', ')} and ${first}`
  const why = isRefusal(last) ? `its ${last.status}` : 'an answer without an end'
  return [advice('not seen', `It was asked nothing more after ${why}; not looked at: ${listed}.`)]
}
