import { afterEach, expect, it, vi } from 'vitest'
import { chromium, missingServices, redis, reportServices } from './support/services.ts'

afterEach(() => vi.restoreAllMocks())

const none = { name: 'redis-server', path: undefined }
const here = { name: 'chromium', path: '/usr/bin/chromium' }

it('says nothing where all is installed', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  expect(missingServices([here])).toBeUndefined()
  reportServices(undefined, 'true')
  expect(warn).not.toHaveBeenCalled()
})

it('says in one line what is missing and which command installs it', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  reportServices(missingServices([none, here]), undefined)
  expect(warn.mock.calls).toEqual([
    ['redis-server not found: the tests that need it are skipped. Enable them with: npm run setup:services'],
  ])
})

it.each(['true', '1'])('is a failure with CI=%s', (ci) => {
  expect(() => reportServices(missingServices([none]), ci)).toThrow('npm run setup:services')
})

it('knows both services that tests may need', () => {
  expect([redis.name, chromium.name]).toEqual(['redis-server', 'chromium'])
})
