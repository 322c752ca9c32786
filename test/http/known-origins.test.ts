import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorityOf } from '../../src/core/authority.ts'
import { KnownOrigins } from '../../src/http/known-origins.ts'
import { Registry } from '../../src/upstream/registry.ts'
import { world } from '../support/world.ts'

function origins() {
  const registry = new Registry({ attemptMs: 10_000 }, world())
  const known = new KnownOrigins(registry)
  const learn = (text: string) => {
    const url = new URL(text)
    known.learn(text, url, registry.get(authorityOf(url)))
  }
  return { registry, known, learn }
}

describe('a text', () => {
  it('is found by the origin of one that was read before', () => {
    const { registry, known, learn } = origins()
    learn('http://a.test/x')
    learn('https://b.test:8443/')
    const [a, b] = [registry.get('a.test:80'), registry.get('b.test:8443')]
    for (const text of [
      'http://a.test/x',
      'http://a.test/',
      'http://a.test',
      'http://a.test//b.test/',
      'http://a.test/\t@',
    ])
      expect(known.find(text)).toBe(a)
    expect(known.find('https://b.test:8443/y?z')).toBe(b)
    expect(known.find('http://a.test/again')).toBe(a)
  })

  it.each([
    'http://b.test/',
    'https://a.test/',
    'http://a.test:8080/',
    'http://a.test.evil/',
    'http://a.testing/',
    'http://a.test@evil.test/',
    'http://a.test:80@evil.test/',
    'http://a.test\\@evil.test/',
    'http://a.test?/',
    'http://a.test#/',
    'http://a.te\tst/',
    ' http://a.test/',
    '//a.test/',
    '/x',
    '',
  ])('that only looks like a known one is read each time: %j', (text) => {
    const { known, learn } = origins()
    learn('http://a.test/x')
    expect(known.find(text)).toBeUndefined()
    // Neither does it change what was found last.
    expect(known.find('http://a.test/')?.authority).toBe('a.test:80')
    expect(known.find(text)).toBeUndefined()
  })

  it.each([
    'HTTP://a.test/',
    'http://A.test/',
    'http://a.test:80/',
    'http://u:p@a.test/',
    'http:/a.test/',
    'http://127.1/',
  ])('in another spelling is not learned: %s', (text) => {
    const { known, learn } = origins()
    learn(text)
    expect(known.find(text)).toBeUndefined()
  })

  it('leads to an upstream that was forgotten by way of a new one, and to that one again', () => {
    const { registry, known, learn } = origins()
    learn('http://a.test/')
    const old = known.find('http://a.test/')
    for (let other = 0; other < 1_000; other++) registry.get(`other-${other}:80`)
    const fresh = known.find('http://a.test/')
    expect(fresh).not.toBe(old)
    expect(fresh).toBe(registry.get('a.test:80'))
    expect(known.find('http://a.test/x')).toBe(fresh)
  })

  it('keeps its upstream from being forgotten as long as it is used', () => {
    const { registry, known, learn } = origins()
    learn('http://a.test/')
    const upstream = known.find('http://a.test/')
    for (let other = 0; other < 3_000; other++) {
      registry.get(`other-${other}:80`)
      expect(known.find('http://a.test/')).toBe(upstream)
    }
  })

  it('is still found when more origins have come than are kept', () => {
    const { known, learn } = origins()
    for (let other = 0; other < 1_100; other++) learn(`http://other-${other}.test/`)
    expect(known.find('http://other-1099.test/')?.authority).toBe('other-1099.test:80')
    expect(known.find('http://other-0.test/')).toBeUndefined()
  })
})

describe('any text', () => {
  const schemes = [
    'http://',
    'https://',
    'HTTP://',
    'http:/',
    'http:\\\\',
    'http:',
    ' http://',
    'ht\ttp://',
    'https:///',
    'ftp://',
    '//',
    '',
  ]
  const hosts = [
    'a',
    'a.test',
    'A.test',
    'a.test.',
    'u@a.test',
    'u:p@b.test',
    'a.test@b.test',
    '127.1',
    '0x7f.1',
    '[::1]',
    'ä.test',
  ]
    .concat(['a%2etest', '', '/a.test', '\\a.test', 'a.te\tst', 'a.test\n', 'a_b.test', 'xn--a', 'a..test'])
    .flatMap((host) => [host, `${host}:80`, `${host}:8080`, `${host}:`, `${host}:080`, `${host}:99999`])
  const paths = [
    '',
    '/',
    '/x?y#z',
    '?q',
    '#f',
    '\\x',
    '/\\b.test',
    '//b.test',
    '/@b.test',
    '@b.test/',
    '/\t',
    '/\u0000',
    ' ',
    '/%',
    '/..//b',
  ]
  const joined = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(''))
  const text = fc.oneof(
    { weight: 6, arbitrary: joined(fc.constantFrom(...schemes), fc.constantFrom(...hosts), fc.constantFrom(...paths)) },
    {
      weight: 2,
      arbitrary: joined(
        fc.constantFrom('http://', 'https://'),
        fc.string({ unit: 'binary', maxLength: 8 }),
        fc.constantFrom(...paths),
      ),
    },
    { weight: 1, arbitrary: fc.webUrl() },
  )

  it('is found only where the URL that it is leads, and never if it is none', () => {
    let found = 0
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (texts) => {
        const { known, learn } = origins()
        for (const one of [...texts, ...texts]) {
          const authority = known.find(one)?.authority
          const url = URL.canParse(one) ? new URL(one) : undefined
          if (authority !== undefined) {
            found++
            expect(authority).toBe(url && authorityOf(url))
          }
          if (url?.protocol === 'http:' || url?.protocol === 'https:') learn(one)
        }
      }),
      { numRuns: 200 },
    )
    expect(found).toBeGreaterThan(50)
  })
})
