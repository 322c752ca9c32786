// What runs in each page of test/live/tabs-chromium.test.ts.
import type { Lease } from '../../src/coordination/coordination.ts'
import { tabsCoordination } from '../../src/coordination/tabs/index.ts'
import { createTokenSource, refreshToken } from '../../src/refresh/index.ts'

const { searchParams } = new URL(location.href)
const leaseMs = Number(searchParams.get('lease'))
const coordination = tabsCoordination({ leaseMs })
const source = createTokenSource({
  fetchToken: refreshToken({ tokenUrl: `${location.origin}/token`, clientId: 'app', refreshToken: 'first' }),
  coordination,
})
let lease: Lease | undefined
let asking = false

const tab = {
  seen: [] as string[],
  failures: [] as string[],
  /** Asks for the token all the time, as an app does. */
  async ask() {
    asking = true
    while (asking) {
      try {
        const { accessToken } = await source.get()
        if (tab.seen.at(-1) !== accessToken) tab.seen.push(accessToken)
      } catch (error) {
        tab.failures.push(String(error))
      }
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  },
  stop: () => {
    asking = false
  },
  async lead() {
    lease = await coordination.tryLead('key')
    return lease !== undefined
  },
  lost: () => lease?.lost.aborted,
  async freeAfter() {
    const startedAt = performance.now()
    const verdict = await coordination.awaitChange('key', undefined, { timeoutMs: 15_000 })
    return { verdict, ms: performance.now() - startedAt }
  },
}

export type Tab = typeof tab
Object.assign(window, { tab })
