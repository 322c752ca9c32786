import { describe, expect, it, vi } from 'vitest'
import { BreakwaterError, type ErrorCode, isBreakwaterError } from '../../src/core/error.ts'
import { OptionsError } from '../../src/core/options.ts'

class ClosedError extends BreakwaterError {
  static readonly code = 'closed'
  override readonly name: string = 'ClosedError'
}

/** The package as a second installation of it would be loaded. */
async function secondCopy() {
  vi.resetModules()
  const { BreakwaterError: Base, isBreakwaterError: isTheirs } = await import('../../src/core/error.ts')
  const { OptionsError: Options } = await import('../../src/core/options.ts')
  expect(Base).not.toBe(BreakwaterError)
  return { Base, Options, isTheirs }
}

describe('BreakwaterError', () => {
  it('is an Error with a code, a name, and what it was given', () => {
    const error = new ClosedError('closed', 'the client is closed', { retryAfterMs: 5, upstream: 'api.example:443' })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      code: 'closed',
      name: 'ClosedError',
      message: 'the client is closed',
      retryAfterMs: 5,
      upstream: 'api.example:443',
    })
    expect(String(error)).toBe('ClosedError: the client is closed')
  })

  it('has no members for what was not given', () => {
    const error = new BreakwaterError('limit', 'full', { retryAfterMs: undefined, upstream: undefined })
    expect('retryAfterMs' in error || 'upstream' in error || 'cause' in error).toBe(false)
  })

  it('keeps its cause, whatever that is', () => {
    const cause = new TypeError('fetch failed')
    expect(new BreakwaterError('token', 'no token', { cause }).cause).toBe(cause)
    expect('cause' in new BreakwaterError('token', 'no token', { cause: undefined })).toBe(true)
  })

  it('goes into a log without its cause and its stack', () => {
    const cause = new Error('Bearer sk-live-1')
    const error = new BreakwaterError('pushback', 'come later', { retryAfterMs: 0, upstream: 'a:1', cause })
    const logged = {
      name: 'BreakwaterError',
      code: 'pushback',
      message: 'come later',
      retryAfterMs: 0,
      upstream: 'a:1',
    }
    expect(JSON.parse(JSON.stringify(error))).toEqual(logged)
    expect(JSON.parse(JSON.stringify(new ClosedError('closed', 'closed')))).toEqual({
      name: 'ClosedError',
      code: 'closed',
      message: 'closed',
    })
  })

  it('hides its brand from whoever lists its members', () => {
    const error = new BreakwaterError('limit', 'full')
    expect(Object.keys(error).toSorted()).toEqual(['code', 'name'])
    expect({ ...error }).toEqual({ code: 'limit', name: 'BreakwaterError' })
    expect(isBreakwaterError({ ...error })).toBe(false)
  })
})

describe('instanceof', () => {
  it('goes by the code', () => {
    const closed = new BreakwaterError('closed', '')
    expect(closed instanceof ClosedError).toBe(true)
    expect(closed instanceof OptionsError).toBe(false)
    expect(new ClosedError('closed', '') instanceof BreakwaterError).toBe(true)
  })

  it.each([
    undefined,
    null,
    0,
    'closed',
    {},
    { code: 'closed' },
    new Error('closed'),
    new DOMException('closed'),
    () => {},
  ])('is false for %o', (value) => {
    expect((value as object) instanceof BreakwaterError).toBe(false)
    expect((value as object) instanceof ClosedError).toBe(false)
    expect(isBreakwaterError(value)).toBe(false)
  })

  it('goes by inheritance for a class without a code of its own', () => {
    class Unnamed extends BreakwaterError {}
    class Ours extends ClosedError {}
    expect(new Unnamed('closed', '') instanceof Unnamed).toBe(true)
    expect(new ClosedError('closed', '') instanceof Unnamed).toBe(false)
    expect(new Ours('closed', '') instanceof Ours).toBe(true)
    expect(new Ours('closed', '') instanceof ClosedError).toBe(true)
    expect(new ClosedError('closed', '') instanceof Ours).toBe(false)
  })
})

describe('two copies of the package', () => {
  it('know each other’s errors, by class and by code', async () => {
    const { Base, Options, isTheirs } = await secondCopy()
    const [ours, theirs] = [new OptionsError('a', 'ours'), new Options('a', 'theirs')]
    expect([isBreakwaterError(theirs), isTheirs(ours)]).toEqual([true, true])
    expect([theirs instanceof BreakwaterError, ours instanceof Base]).toEqual([true, true])
    expect([theirs instanceof OptionsError, ours instanceof Options]).toEqual([true, true])
    expect(theirs instanceof ClosedError).toBe(false)
  })

  it('tell a code that one of them does not have yet', async () => {
    const { Base } = await secondCopy()
    const later = new Base('sunset' as ErrorCode, 'from a later version')
    expect(isBreakwaterError(later)).toBe(true)
    expect(later instanceof BreakwaterError).toBe(true)
    expect(later instanceof OptionsError).toBe(false)
  })
})
