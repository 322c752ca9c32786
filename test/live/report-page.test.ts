import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium as launcher, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uplotAssets } from '../../src/cli/uplot.ts'
import { htmlReport, type Report, simulate } from '../../src/simulate/index.ts'
import { chromium } from '../support/services.ts'
import { policyReport, stormReport } from '../support/storm-report.ts'

describe.skipIf(chromium.path === undefined)('the page of a report in a real Chromium', () => {
  let browser: Awaited<ReturnType<typeof launcher.launch>>
  let folder: string
  let pages = 0

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'breakwater-page-'))
    browser = await launcher.launch({
      executablePath: chromium.path ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true })
  })

  /** Opens it as a person would, from a file, and keeps what went wrong and what it asked for. */
  async function open(report: Report, colorScheme: 'light' | 'dark' = 'light') {
    const file = join(folder, `${pages++}.html`)
    await writeFile(file, htmlReport(report, uplotAssets()))
    const context = await browser.newContext({ colorScheme })
    const page = await context.newPage()
    const troubles: string[] = []
    const asked: string[] = []
    page.on('console', (message) => {
      // Chromium's advice to whoever reads pixels, as this test does and the page does not.
      if (!message.text().includes('getImageData')) troubles.push(message.text())
    })
    page.on('pageerror', (error) => troubles.push(error.message))
    page.on('request', (request) => asked.push(request.url()))
    const url = pathToFileURL(file).href
    await page.goto(url)
    await page.locator('canvas').nth(2).waitFor()
    return { page, troubles, asked: asked.filter((address) => address !== url && address !== 'data:,') }
  }

  /** For each chart how many of its pixels have the colour of a variable of the page, or nearly so. */
  const pixels = (page: Page, name: string) =>
    page.evaluate((variable) => {
      const hex = getComputedStyle(document.documentElement).getPropertyValue(variable).trim()
      const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
      return [...document.querySelectorAll('canvas')].map((canvas) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        let count = 0
        for (let at = 0; at < data.length; at += 4) {
          const near = wanted.every((value, channel) => Math.abs((data[at + channel] ?? 0) - value) < 12)
          if (near && (data[at + 3] ?? 0) > 128) count++
        }
        return count
      })
    }, name)

  it.each(['light', 'dark'] as const)(
    'draws every curve of a real run in the %s, and asks for nothing',
    async (scheme) => {
      const report = await simulate({ name: 'reconnect', clients: 100, runMs: 120_000, compare: ['phoenix', 'grpc'] })
      const { page, troubles, asked } = await open(report, scheme)
      expect(await page.locator('canvas').count()).toBe(3)
      for (const count of await pixels(page, '--ours')) expect(count).toBeGreaterThan(50)
      // The capacity crosses the arrivals, the soonest possible moment the recovery.
      const limits = await pixels(page, '--limit')
      expect(limits[0]).toBeGreaterThan(50)
      expect(limits[1]).toBeGreaterThan(50)
      expect(await page.locator('#arrivals .u-legend .u-label').allTextContents()).toEqual(
        expect.arrayContaining(['Breakwater', 'phoenix 1.8', 'gRPC connection backoff', 'capacity']),
      )
      expect(await page.locator('.figures tbody tr').count()).toBe(3)
      expect(await page.locator('#steep').isVisible()).toBe(true)
      expect({ troubles, asked }).toEqual({ troubles: [], asked: [] })
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      expect(background).toBe(scheme === 'dark' ? 'rgb(20, 23, 28)' : 'rgb(251, 251, 250)')
      await page.context().close()
    },
  )

  it('hides a curve in all charts at a click, and keeps that when the light goes out', async () => {
    const { page, troubles } = await open(stormReport())
    await page.locator('#queue .u-legend th', { hasText: 'Breakwater' }).click()
    await expect.poll(() => pixels(page, '--ours')).toEqual([0, 0, 0])
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(() => pixels(page, '--soft').then((counts) => counts.every((count) => count > 0))).toBe(true)
    expect(await pixels(page, '--ours')).toEqual([0, 0, 0])
    expect(troubles).toEqual([])
    await page.context().close()
  })

  it('says the figures of the second under the pointer', async () => {
    const { page } = await open(stormReport())
    const over = page.locator('#recovered .u-over')
    const box = (await over.boundingBox())!
    await over.hover({ position: { x: box.width - 1, y: 50 } })
    await expect
      .poll(() => page.locator('#recovered .u-legend .u-value').allTextContents())
      .toEqual(['3 s', '10 %', '100 %'])
    // The others follow.
    await expect.poll(() => page.locator('#queue .u-legend .u-value').first().textContent()).toBe('3 s')
    await page.context().close()
  })

  it.each([
    [
      'markup in names',
      stormReport({ title: '<b>x</b>', label: '<img src=x onerror=alert(1)>', summary: '</script>' }),
    ],
    ['nothing to draw', stormReport({ compared: [], curves: { arrivals: [], queue: [], recovered: [] } })],
    ['no capacity and no bound', stormReport({ peakPerSecond: 0, peakOverCapacity: 0, boundMs: null, compared: [] })],
    [
      'more rivals than colours',
      stormReport({ compared: Array.from({ length: 30 }, (_, index) => policyReport({ label: `rival ${index}` })) }),
    ],
  ])('stands %s', async (_what, report) => {
    const { page, troubles, asked } = await open(report)
    expect({ troubles, asked }).toEqual({ troubles: [], asked: [] })
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('h1').textContent()).toBe(report.title)
    await page.context().close()
  })
})
