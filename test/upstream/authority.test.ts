import { describe, expect, it } from 'vitest'
import { authorityOf } from '../../src/core/authority.ts'
import { OptionsError } from '../../src/core/options.ts'
import { authorityNamed } from '../../src/upstream/authority-named.ts'

describe('the authority of a URL', () => {
  it.each([
    ['http://api.example/orders?key=1#top', 'api.example:80'],
    ['https://api.example/', 'api.example:443'],
    ['ws://api.example/', 'api.example:80'],
    ['wss://api.example/', 'api.example:443'],
    ['http://api.example:443/', 'api.example:443'],
    ['https://api.example:443/', 'api.example:443'],
    ['https://api.example:8443/', 'api.example:8443'],
    ['wss://api.example:80/', 'api.example:80'],
    ['https://API.Example/', 'api.example:443'],
    ['https://user:secret@api.example/', 'api.example:443'],
    ['http://127.0.0.1/', '127.0.0.1:80'],
    ['http://[::1]/', '[::1]:80'],
    ['wss://[2001:DB8:0:0::1]:9443/', '[2001:db8::1]:9443'],
    ['https://bücher.example/', 'xn--bcher-kva.example:443'],
  ])('%s is %s', (url, authority) => {
    expect(authorityOf(new URL(url))).toBe(authority)
  })

  it('is the same for a socket and a request to one server', () => {
    expect(authorityOf(new URL('wss://api.example/live'))).toBe(authorityOf(new URL('https://api.example/orders')))
    expect(authorityOf(new URL('wss://api.example/'))).not.toBe(authorityOf(new URL('ws://api.example/')))
  })
})

describe('an authority by its name', () => {
  it.each([
    ['api.example:443', 'api.example:443'],
    ['https://api.example/orders', 'api.example:443'],
    ['WSS://api.example', 'api.example:443'],
    ['[::1]:8080', '[::1]:8080'],
    // A kill switch that misses for a capital letter is none.
    ['API.Example:443', 'api.example:443'],
    ['api.example:0443', 'api.example:443'],
    ['[2001:DB8:0::1]:80', '[2001:db8::1]:80'],
    ['bücher.example:443', 'xn--bcher-kva.example:443'],
  ])('%s is %s', (name, authority) => {
    expect(authorityNamed(name, undefined)).toBe(authority)
  })

  it.each([
    'api.example',
    '',
    ':443',
    '::1',
    '2001:db8::1',
    '[::1]',
    'api.example:',
    'api.example:https',
    'api.example:99999',
    'api.example/orders:80',
    'user@api.example:80',
    'api example:80',
    'ftp://api.example:21',
  ])('cannot be %j', (name) => {
    expect(() => authorityNamed(name, undefined)).toThrow(OptionsError)
  })

  it('is left to who maps URLs to upstreams, and a key of theirs is taken as it is', () => {
    const upstreamOf = (url: URL) => url.pathname.split('/')[1] ?? ''
    expect(authorityNamed('https://gateway.example/Orders/1', upstreamOf)).toBe('Orders')
    expect(authorityNamed('Orders', upstreamOf)).toBe('Orders')
    expect(authorityNamed('API.Example:443', upstreamOf)).toBe('API.Example:443')
  })
})
