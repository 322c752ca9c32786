import { describe, expect, it } from 'vitest'
import { stamp } from '../../src/core/stamp.ts'

describe.each<[name: string, make: () => object]>([
  ['an object', () => ({ a: 1 })],
  ['a response', () => new Response('body')],
  ['a signal', () => new AbortController().signal],
  ['a function', () => () => {}],
  ['one that is frozen', () => Object.freeze({ a: 1 })],
  ['a frozen response', () => Object.freeze(new Response('body'))],
  ['one that takes no new property', () => Object.preventExtensions(new AbortController().signal)],
  ['one that is a stand-in for another', () => new Proxy({ a: 1 }, {})],
  ['one without a prototype', () => Object.create(null)],
])('%s', (_name, make) => {
  it('carries what was hung on it, until something else is', () => {
    const names = stamp<string>()
    const object = make()
    expect(names.read(object)).toBeUndefined()
    names.write(object, 'one')
    expect(names.read(object)).toBe('one')
    names.write(object, 'two')
    expect(names.read(object)).toBe('two')
  })

  it('shows nobody that it does', () => {
    const object = make()
    const before = Reflect.ownKeys(object)
    stamp<string>().write(object, 'hidden')
    expect(Reflect.ownKeys(object)).toEqual(before)
  })
})

describe('a stamp', () => {
  it('is told apart from others on the same object', () => {
    const [names, ages] = [stamp<string>(), stamp<number>()]
    const object = {}
    names.write(object, 'one')
    expect(ages.read(object)).toBeUndefined()
    ages.write(object, 1)
    expect([names.read(object), ages.read(object)]).toEqual(['one', 1])
  })

  it('is not copied, cloned or inherited', () => {
    const names = stamp<string>()
    const [object, response] = [{ a: 1 }, new Response('body')]
    names.write(object, 'one')
    names.write(response, 'one')
    for (const other of [{ ...object }, Object.create(object), structuredClone(object), response.clone()]) {
      expect(names.read(other)).toBeUndefined()
    }
  })

  it('stays when its object is frozen afterwards', () => {
    const names = stamp<string>()
    const object = {}
    names.write(object, 'one')
    Object.freeze(object)
    names.write(object, 'two')
    expect(names.read(object)).toBe('two')
  })
})
