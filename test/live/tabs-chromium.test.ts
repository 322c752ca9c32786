import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { type BrowserContext, chromium as launcher, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { chromium } from '../support/services.ts'
import type { Tab } from '../support/tab-page.ts'

declare global {
  interface Window {
    tab: Tab
  }
}

const lifetimeS = 3
const leaseMs = 1_000

/** The pages, and a provider that takes each refresh token once. */
async function startApp() {
  const bundle = await build({
    entryPoints: ['test/support/tab-page.ts'],
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  })
  const script = bundle.outputFiles[0]?.text
  const presented: string[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://app')
    if (pathname === '/tab.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    else if (pathname === '/token') {
      let body = ''
      for await (const chunk of request) body += chunk
      presented.push(new URLSearchParams(body).get('refresh_token') ?? '')
      await new Promise((resolve) => setTimeout(resolve, 50))
      const number = presented.length
      const token = { access_token: `access-${number}`, token_type: 'Bearer', expires_in: lifetimeS }
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ...token, refresh_token: `refresh-${number}` }))
    } else {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><script type="module" src="/tab.js"></script>')
    }
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/?lease=${leaseMs}`, presented, stop }
}

describe.skipIf(chromium.path === undefined)('pages of one profile in a real Chromium', () => {
  let app: Awaited<ReturnType<typeof startApp>>
  let browser: Awaited<ReturnType<typeof launcher.launch>>
  let context: BrowserContext

  beforeAll(async () => {
    browser = await launcher.launch({
      executablePath: chromium.path ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
    })
  })
  afterEach(async () => {
    await context?.close()
    app?.stop()
  })
  afterAll(() => browser?.close())

  async function open(count: number): Promise<Page[]> {
    app = await startApp()
    context = await browser.newContext()
    return Promise.all(
      Array.from({ length: count }, async () => {
        const page = await context.newPage()
        await page.goto(app.url)
        await page.waitForFunction(() => window.tab !== undefined)
        return page
      }),
    )
  }
  /** Stops all that a page does, between two of its statements, with its locks in its hands. */
  const freeze = async (page: Page) => {
    const session = await context.newCDPSession(page)
    await session.send('Debugger.enable')
    const frozen = new Promise<void>((resolve) => session.once('Debugger.paused', () => resolve()))
    await session.send('Debugger.pause')
    await frozen
    return async () => {
      await session.send('Debugger.resume')
      await session.detach()
    }
  }

  it('5 of them renew a rotating token once per cycle, and present nothing twice', async () => {
    const pages = await open(5)
    for (const page of pages) await page.evaluate(() => void window.tab.ask())
    const forMs = 15_000
    await new Promise((resolve) => setTimeout(resolve, forMs))
    for (const page of pages) await page.evaluate(() => window.tab.stop())
    const tabs = await Promise.all(
      pages.map((page) => page.evaluate(() => ({ seen: window.tab.seen, failures: window.tab.failures }))),
    )
    const calls = app.presented.length
    expect(tabs.flatMap(({ failures }) => failures)).toEqual([])
    expect(app.presented).toEqual(['first', ...Array.from({ length: calls - 1 }, (_, index) => `refresh-${index + 1}`)])
    // A token is renewed between 0.7 and 0.9 of its time.
    expect(calls).toBeGreaterThanOrEqual(Math.floor(forMs / (lifetimeS * 1_000)))
    expect(calls).toBeLessThanOrEqual(2 + forMs / (0.7 * lifetimeS * 1_000))
    const tokens = Array.from({ length: calls }, (_, index) => `access-${index + 1}`)
    for (const { seen } of tabs) expect(seen.slice(0, calls - 1)).toEqual(tokens.slice(0, calls - 1))
  })

  it('one that leads and is closed, or crashes, holds up nobody', async () => {
    const [first, second, third] = (await open(3)) as [Page, Page, Page]
    expect(await first.evaluate(() => window.tab.lead())).toBe(true)
    expect(await second.evaluate(() => window.tab.lead())).toBe(false)
    await first.close()
    const afterClose = await second.evaluate(() => window.tab.freeAfter())
    expect(afterClose.verdict).toBe('free')
    expect(afterClose.ms).toBeLessThan(leaseMs)
    expect(await second.evaluate(() => window.tab.lead())).toBe(true)
    const session = await context.newCDPSession(second)
    void session.send('Page.crash').catch(() => {})
    const afterCrash = await third.evaluate(() => window.tab.freeAfter())
    expect(afterCrash.verdict).toBe('free')
    expect(afterCrash.ms).toBeLessThan(leaseMs)
    expect(await third.evaluate(() => window.tab.lead())).toBe(true)
  })

  it('one that leads and is frozen holds up the others for one lease, and knows when it wakes', async () => {
    const [first, second] = (await open(2)) as [Page, Page]
    expect(await first.evaluate(() => window.tab.lead())).toBe(true)
    const thaw = await freeze(first)
    const { verdict, ms } = await second.evaluate(() => window.tab.freeAfter())
    expect(verdict).toBe('free')
    expect(ms).toBeLessThan(leaseMs + 1_300)
    expect(await second.evaluate(() => window.tab.lead())).toBe(true)
    await thaw()
    await expect.poll(() => first.evaluate(() => window.tab.lost()), { timeout: 5_000 }).toBe(true)
    expect(await second.evaluate(() => window.tab.lost())).toBe(false)
    expect(await first.evaluate(() => window.tab.lead())).toBe(false)
  })
})
