import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Report } from 'breakwater/simulate'
import type { Page } from 'playwright'
import { buildStormLab } from '../../examples/storm-lab/build.ts'

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

/** The storm lab as anybody would put it up: a folder, and a server that hands out its files. */
export async function serveStormLab() {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-storm-lab-'))
  await buildStormLab(folder)
  const server = createServer(async ({ url = '/' }, response) => {
    const file = url === '/' ? '/index.html' : url
    try {
      response.writeHead(200, { 'content-type': types[extname(file)] ?? 'text/plain' })
      response.end(await readFile(join(folder, file)))
    } catch {
      response.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    fileUrl: pathToFileURL(join(folder, 'index.html')).href,
    async stop() {
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Waits until a run is over. */
export async function over(page: Page): Promise<void> {
  await page.locator('#run').waitFor({ state: 'visible', timeout: 20_000 })
}

/** The report that the page saves. */
export async function saved(page: Page): Promise<Report> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#save').click()])
  return JSON.parse(await readFile(await download.path(), 'utf8'))
}

/** How much of each chart is drawn in a colour of the page, in pixels. */
export function ink(page: Page, variable: string): Promise<number[]> {
  return page.evaluate((name) => {
    // A copy: a canvas that is read back is drawn in another way from then on.
    const copy = document.createElement('canvas')
    const context = copy.getContext('2d', { willReadFrequently: true })!
    const pixels = () => new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer)
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim()
    context.fillRect(0, 0, 1, 1)
    const [wanted] = pixels()
    return [...document.querySelectorAll<HTMLCanvasElement>('.canvas canvas')].map((canvas) => {
      copy.width = canvas.width
      copy.height = canvas.height
      context.drawImage(canvas, 0, 0)
      return pixels().filter((pixel) => pixel === wanted).length
    })
  }, variable)
}

/** Texts that are hard to read: less than 4.5 times as bright or dark as what is behind them (WCAG 2.2, 1.4.3). */
export function faint(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number)
    const luminance = (colour: string) => {
      const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) => {
        const share = channel / 255
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const behind = (element: Element | null): string => {
      if (element === null) return 'rgb(255, 255, 255)'
      const { backgroundColor } = getComputedStyle(element)
      return channels(backgroundColor)[3] === 0 ? behind(element.parentElement) : backgroundColor
    }
    const words = (element: Element) =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '')
    return [...document.querySelectorAll<HTMLElement>('body *')].flatMap((element) => {
      if (!element.checkVisibility() || !(words(element) || element.matches('input[type=text]'))) return []
      const [dark = 0, bright = 0] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort(
        (a, b) => a - b,
      )
      const contrast = (bright + 0.05) / (dark + 0.05)
      return contrast < 4.5 ? [`${element.tagName} ${element.textContent}: ${contrast.toFixed(2)}`] : []
    })
  })
}
