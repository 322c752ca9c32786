import { describe, expect, it } from 'vitest'
import { type Cause, causeOfStatus, decide, failedDial, lossOf } from '../../src/socket/classify.ts'
import { lossOfDial, lossOfError, verdictOf } from '../../src/socket/dial.ts'
import { refusals } from '../../src/socket/refusals.ts'
import { world } from '../support/world.ts'

const runtime = world()
const plain = { failed: false }

function codes(cause: Cause): number[] {
  const all = Array.from({ length: 4_000 }, (_, at) => 1_000 + at)
  return all.filter((code) => lossOf(code, '', true, plain).cause === cause)
}

describe('close codes', () => {
  it('have the causes of the table, every one from 1000 to 4999', () => {
    expect(codes('restart')).toEqual([1012])
    expect(codes('overload')).toEqual([1013, 4429, 4503])
    expect(codes('auth')).toEqual([3000, 4401])
    const fatal = codes('fatal')
    expect(fatal.filter((code) => code < 4_000)).toEqual([1002, 1003, 1007, 1008, 1009, 1010, 3003])
    // An application's own codes, but for those that read as statuses worth a retry.
    expect(fatal.filter((code) => code >= 4_000)).toHaveLength(1_000 - 5 - 99)
    expect(codes('drop')).toEqual(expect.arrayContaining([1000, 1001, 1005, 1006, 1011, 1014, 1015, 3001, 4408, 4500]))
    expect(codes('drop').length + fatal.length + 1 + 3 + 2).toBe(4_000)
    expect([...codes('timeout'), ...codes('held'), ...codes('local'), ...codes('refused')]).toEqual([])
  })

  it('give way to what the server did wrong', () => {
    expect(lossOf(1006, '', false, { failed: true, fault: 1009 })).toMatchObject({ cause: 'fatal', code: 1006 })
    expect(lossOf(1006, '', false, { failed: true, fault: 1002 })).toMatchObject({ cause: 'fatal', failed: true })
  })

  it('bring the hint that is in their reason', () => {
    const hinted = lossOf(1012, '{"afterMs":5,"withinMs":7}', true, plain)
    expect(hinted.hint).toEqual({ afterMs: 5, withinMs: 7 })
    expect(lossOf(1012, 'back soon', true, plain).hint).toBeUndefined()
  })
})

describe('statuses of refused upgrades', () => {
  it.each<[number, Cause]>([
    [301, 'fatal'],
    [400, 'fatal'],
    [401, 'auth'],
    [403, 'fatal'],
    [404, 'fatal'],
    [408, 'refused'],
    [410, 'fatal'],
    [425, 'refused'],
    [426, 'fatal'],
    [429, 'overload'],
    [500, 'refused'],
    [502, 'refused'],
    [503, 'overload'],
    [504, 'refused'],
    [599, 'refused'],
  ])('%i is %s', (status, cause) => {
    expect(causeOfStatus(status)).toBe(cause)
  })

  it('bring Retry-After as a floor', () => {
    const refusal = (header: Record<string, string>) => ({ status: 503, header: (name: string) => header[name] })
    const given = lossOfDial({ failed: true, refusal: refusal({ 'retry-after': '7' }) }, 1006, '', refusals, runtime)
    expect(given).toMatchObject({ cause: 'overload', status: 503, floorMs: 7_000, failed: true, code: 1006 })
    expect(lossOfDial({ failed: true, refusal: refusal({}) }, 1006, '', refusals, runtime).floorMs).toBeUndefined()
  })
})

describe('an own classification', () => {
  it('goes before the table, and sees no more than how it ended', () => {
    const seen: unknown[] = []
    const loss = { ...lossOf(4000, 'maintenance', true, plain), status: undefined }
    const decided = decide(loss, (ending) => {
      seen.push(ending)
      return 'restart'
    })
    expect(decided).toEqual({ ...loss, cause: 'restart' })
    expect(Object.keys(seen[0] as object).sort()).toEqual(['code', 'floorMs', 'reason', 'status', 'wasClean'])
  })

  it('leaves to the table what it has nothing to say about', () => {
    const loss = lossOf(4000, '', true, plain)
    expect(decide(loss, () => undefined)).toBe(loss)
    expect(decide(loss, undefined)).toBe(loss)
  })

  it('is not asked about a dial that was not made, and cannot make one of a connection', () => {
    const held = failedDial('held')
    expect(decide(held, () => 'fatal')).toBe(held)
    const loss = lossOf(1006, '', false, plain)
    expect(decide(loss, () => 'held')).toEqual(loss)
  })
})

describe('what a dial says of the server', () => {
  it.each<[Cause, string]>([
    ['timeout', 'timeout'],
    ['overload', 'overload'],
    ['refused', 'failure'],
    ['drop', 'failure'],
    ['restart', 'failure'],
    ['local', 'neutral'],
    ['auth', 'neutral'],
    ['held', 'neutral'],
    ['fatal', 'neutral'],
  ])('that ended with %s is %s', (cause, verdict) => {
    expect(verdictOf(cause)).toBe(verdict)
  })

  it('is nothing where a provider failed', () => {
    expect(lossOfError(new Error('no'))).toMatchObject({ cause: 'refused', failed: true, code: 1006 })
  })
})
