import { advice, type Finding, ok } from './finding.ts'
import { type Answer, type Exchange, isAnswer } from './request.ts'

/** The condition under which an answer need not be sent again: what it called itself. */
export function conditionOf(answer: Answer): Readonly<Record<string, string>> {
  const etag = answer.header('etag')
  if (etag !== undefined) return { 'if-none-match': etag }
  const modified = answer.header('last-modified')
  return modified === undefined ? {} : { 'if-modified-since': modified }
}

/**
 * Whether a fleet that asks for the same again can be told that nothing has changed. Only where an answer may be kept at
 * all.
 */
export function caching(first: Answer, second: Exchange | undefined): Finding[] {
  const control = first.header('cache-control') ?? ''
  if (first.status !== 200 || /\bno-store\b/i.test(control)) return []
  if (Object.keys(conditionOf(first)).length === 0) {
    if (/\bmax-age=[1-9]|\bs-maxage=[1-9]/i.test(control)) {
      return [ok('caching', 'Answers may be kept for a while, which spares the server.')]
    }
    return [
      advice(
        'caching',
        'Answers have no ETag and no Last-Modified, so a fleet that asks again after an outage is sent all of it again; send an ETag where the same is asked for often.',
      ),
    ]
  }
  if (!isAnswer(second)) return []
  if (second.status === 304) return [ok('caching', 'What has not changed is answered by an empty 304.')]
  if (second.status !== 200) return []
  return [
    advice(
      'caching',
      'Answers have a validator, but asking with it gave the whole answer again; answer If-None-Match with 304 where nothing has changed.',
    ),
  ]
}
