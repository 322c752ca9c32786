import { describe, expect, it } from 'vitest'
import { BreakwaterError, type ErrorCode } from '../../src/core/error.ts'
import { plainJudge } from '../../src/core/outcome.ts'
import { world } from '../support/world.ts'

describe('plainJudge', () => {
  const { context } = world()
  const aborted = context({ signal: AbortSignal.abort() })

  it.each([undefined, null, 0, '', new Error('as a value')])('takes the value %o for a success', (value) => {
    expect(plainJudge.value(value, undefined)).toBe('success')
  })

  it.each([new TypeError('fetch failed'), 'a text', undefined, null, { code: 'deadline' }])(
    'takes the error %o for a failure',
    (error) => {
      expect(plainJudge.error(error, undefined, context())).toBe('failure')
    },
  )

  it('takes our deadline for a timeout', () => {
    expect(plainJudge.error(new BreakwaterError('deadline', ''), undefined, context())).toBe('timeout')
  })

  it.each<ErrorCode>(['circuit-open', 'limit', 'pushback', 'throttled', 'closed', 'options'])(
    'takes our own refusal %s for nothing that the other side said',
    (code) => {
      expect(plainJudge.error(new BreakwaterError(code, ''), undefined, context())).toBe('neutral')
    },
  )

  it('takes whatever comes after the caller left for nothing', () => {
    for (const error of [new TypeError('broken off'), new BreakwaterError('deadline', ''), aborted.signal.reason]) {
      expect(plainJudge.error(error, undefined, aborted)).toBe('neutral')
    }
  })
})
