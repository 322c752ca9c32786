import { describe } from 'vitest'
import { listeners } from './listeners.ts'
import { plain } from './plain.ts'
import { providers } from './providers.ts'
import { reconnecting } from './reconnecting.ts'
import type { Setup } from './setup.ts'
import { surface } from './surface.ts'

/** The one body of tests that holds on every transport and platform. */
export function behaviour(setup: Setup): void {
  describe('the surface of the standard', () => surface(setup))
  describe('one connection, as the standard has it', () => plain(setup))
  describe('listeners, as the standard has them', () => listeners(setup))
  describe('connections that come back', () => reconnecting(setup))
  describe('providers of URL and subprotocols', () => providers(setup))
}
