import { type Parameter, type ScenarioOptions, scenarios, simulate } from 'breakwater/simulate'
import { type BrowserContextOptions, chromium as launcher, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { chromium } from '../support/services.ts'
import { faint, ink, over, saved, serveStormLab } from '../support/storm-page.ts'

/** The machine may have other things to do. */
const patiently = { timeout: 20_000 }

const small = 'scenario=reconnect&compare=partysocket&clients=300&runMs=60000'

describe.skipIf(chromium.path === undefined)('the storm lab in a real Chromium', () => {
  let lab: Awaited<ReturnType<typeof serveStormLab>>
  let browser: Awaited<ReturnType<typeof launcher.launch>>
  let page: Page
  let complaints: string[]
  let requests: string[]

  beforeAll(async () => {
    lab = await serveStormLab()
    browser = await launcher.launch({
      executablePath: chromium.path ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
    })
  })
  afterEach(async () => {
    await page.context().close()
    expect(complaints).toEqual([])
    const elsewhere = requests.filter((url) => !url.startsWith(lab.url) && !/^(blob|data|file):/.test(url))
    expect(elsewhere).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await lab?.stop()
  })

  async function open(hash = '', options: BrowserContextOptions = {}, url = lab.url): Promise<Page> {
    page = await browser.newPage(options)
    complaints = []
    requests = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => requests.push(request.url()))
    await page.goto(`${url}#${hash}`)
    return page
  }
  const focused = () => page.evaluate(() => document.activeElement?.id)
  const sentence = async () => (await page.locator('#sentence').innerText()).replaceAll('\u00a0', ' ')
  async function tabTo(id: string): Promise<void> {
    for (let steps = 0; (await focused()) !== id; steps++) {
      if (steps > 40) throw new Error(`Tab does not lead to ${id}`)
      await page.keyboard.press('Tab')
    }
  }

  it('is driven by the keyboard alone, and reports what simulate() reports in Node', async () => {
    await open()
    await tabTo('rival')
    await page.keyboard.type('party')
    await tabTo('set-clients')
    await page.keyboard.type('300')
    await tabTo('set-outageMs')
    await page.keyboard.type('2 s')
    await tabTo('set-hint')
    await page.keyboard.press('Space')
    await tabTo('run')
    await page.keyboard.press('Enter')
    await over(page)
    expect(await focused()).toBe('run')
    const run: ScenarioOptions = {
      name: 'reconnect',
      clients: 300,
      outageMs: 2_000,
      hint: true,
      runMs: 180_000,
      compare: ['partysocket'],
    }
    const report = await simulate(run)
    expect(await sentence()).toBe(report.summary)
    expect(await saved(page)).toEqual(JSON.parse(JSON.stringify(report)))
    expect(await page.locator('#command').textContent()).toBe(
      'npx breakwater simulate reconnect --clients 300 --outage 2s --hint --run 180s --compare partysocket',
    )
    expect(await page.locator('tbody tr').first().locator('td').count()).toBe(2)
  })

  it('draws its curves while it runs, and is stopped with a report of what there is', async () => {
    await open('clients=6000&compare=reconnecting-websocket&runMs=900000')
    await page.locator('#run').click()
    await expect.poll(async () => Math.min(...(await ink(page, '--ours'))), patiently).toBeGreaterThan(20)
    await expect.poll(async () => Math.min(...(await ink(page, '--rival'))), patiently).toBeGreaterThan(20)
    expect(await page.locator('#where').textContent()).toMatch(/^reconnecting-websocket 4\.4, \d+ s into the storm$/)
    await page.locator('#stop').click()
    await over(page)
    expect(await sentence()).toMatch(
      /^Stopped early\. 6,000 sockets of .*: 99 % back after .* % back when it was ended/,
    )
    const report = await saved(page)
    expect([report.partial, report.compared[0]?.partial]).toEqual([false, true])
    expect(report.compared[0]?.curves.queue.length).toBeLessThan(900)
  })

  it('moves nothing for who wants no motion, until it is over', async () => {
    await open('clients=4000&compare=', { reducedMotion: 'reduce' })
    const strokes = await page.evaluate(async () => {
      const { prototype } = CanvasRenderingContext2D
      const { stroke } = prototype
      let strokes = 0
      prototype.stroke = function (this: CanvasRenderingContext2D, ...path: [path?: Path2D]) {
        strokes++
        stroke.apply(this, path as [path: Path2D])
      }
      const frame = () => new Promise(requestAnimationFrame)
      document.querySelector<HTMLButtonElement>('#run')?.click()
      await frame()
      const begun = strokes
      while (!/\d\d s into/.test(document.querySelector('#where')?.textContent ?? '')) await frame()
      return { begun, told: strokes }
    })
    expect(strokes.told).toBe(strokes.begun)
    await over(page)
    expect(Math.min(...(await ink(page, '--ours')))).toBeGreaterThan(20)
  })

  it('says beside a control what is wrong with it', async () => {
    await open('loss=0.7')
    await page.fill('#set-outageMs', 'soon')
    await page.locator('#run').click()
    expect(await focused()).toBe('set-outageMs')
    const problem = (name: string) => page.locator(`#problem-${name}`).textContent()
    const bottom = await page.locator('#problem-outageMs').evaluate((it) => it.getBoundingClientRect().bottom)
    const buttons = await page.locator('#actions').evaluate((it) => it.getBoundingClientRect().top)
    expect(bottom).toBeLessThan(buttons)
    expect(await problem('outageMs')).toBe('Outage wants a time from 0 s to 24 h, as in 500 ms, 30 s or 2 min.')
    await page.fill('#set-outageMs', '1m30s')
    await page.keyboard.press('Enter')
    expect(await page.inputValue('#set-outageMs')).toBe('90 s')
    expect(await focused()).toBe('set-loss')
    expect(await problem('loss')).toBe('Loss wants a number from 0 % to 50 %.')
    expect(await page.getAttribute('#set-loss', 'aria-invalid')).toBe('true')
    await page.fill('#set-loss', '')
    expect(await problem('loss')).toBe('')
    await page.selectOption('#scenario', 'retry')
    await page.locator('summary').click()
    await page.fill('#set-outageMs', '2 min')
    await page.keyboard.press('Enter')
    expect(await focused()).toBe('set-outageMs')
    expect(await problem('outageMs')).toMatch(/^Outage must be over before the run is, .*\.$/)
    expect(await sentence()).toBe('Press Run: the curves draw themselves.')
  })

  it('keeps its settings in the address, and works what is left to it out', async () => {
    await open()
    await page.fill('#set-clients', '5k')
    expect(await page.getAttribute('#set-capacity', 'placeholder')).toBe('100')
    await page
      .locator('.control', { has: page.locator('#set-clients') })
      .getByRole('slider')
      .press('ArrowRight')
    expect(await page.inputValue('#set-clients')).toBe('7,000')
    await page.selectOption('#rival', '')
    await page.waitForURL(/clients=7000/)
    const address = page.url()
    await page.context().close()
    await open(address.split('#')[1])
    expect(await page.inputValue('#set-clients')).toBe('7,000')
    expect(await page.inputValue('#rival')).toBe('')
  })

  it('has a control with a name and an explanation for each parameter of every scenario', async () => {
    await open()
    for (const { name, parameters, rivals } of Object.values(scenarios)) {
      await page.selectOption('#scenario', name)
      expect(await page.locator('#rival option').count()).toBe(rivals.length + 1)
      const fields = await page.locator('[id^=set-]').evaluateAll((all) =>
        (all as HTMLInputElement[]).map((it) => {
          const [explanation = ''] = (it.getAttribute('aria-describedby') ?? '').split(' ')
          return [it.id, it.labels?.[0]?.textContent, document.getElementById(explanation)?.textContent]
        }),
      )
      const expected = Object.entries<Parameter>(parameters).map(([parameter, { what }]) => [
        `set-${parameter}`,
        expect.stringMatching(/^[A-Z][a-z0-9 ]+$/),
        expect.stringContaining(what.slice(1)),
      ])
      expect(fields).toEqual(expected)
    }
  })

  it.each(['light', 'dark'] as const)('can be read in %s, on a phone, and nothing sticks out', async (colorScheme) => {
    await open(small, { colorScheme, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth)
    await page.locator('summary').tap()
    expect(await wide()).toBe(360)
    expect(await faint(page)).toEqual([])
    await page.locator('#run').tap()
    await over(page)
    expect(await wide()).toBe(360)
    expect(await faint(page)).toEqual([])
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    expect(background).toBe(colorScheme === 'dark' ? 'rgb(14, 18, 22)' : 'rgb(246, 247, 248)')
    // WCAG 2.2, 2.5.8 wants 24 pixels.
    const heights = await page
      .locator('button:visible, select, summary, input:not([type=checkbox])')
      .evaluateAll((all) => all.map((it) => it.getBoundingClientRect().height))
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(32)
  })

  it('opened as a file it does the same', async () => {
    await open(small, {}, lab.fileUrl)
    await page.locator('#run').click()
    await over(page)
    expect(await sentence()).toMatch(/^300 sockets of .*: 99 % back after .* partysocket 1\.3: /)
  })
})
