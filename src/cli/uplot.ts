import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { HtmlAssets } from '../simulate/index.ts'

/** The files of uPlot: the build puts them beside this command; where it runs from its source they are those of the package. */
export function uplotAssets(): HtmlAssets {
  const beside = (name: string) => readFileSync(fileURLToPath(new URL(`./uplot/${name}`, import.meta.url)), 'utf8')
  try {
    return assets(beside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const { resolve } = createRequire(import.meta.url)
  const paths: Readonly<Record<string, string>> = { LICENSE: 'uplot/LICENSE' }
  return assets((name) => readFileSync(resolve(paths[name] ?? `uplot/dist/${name}`), 'utf8'))
}

/** Its licence wants to be in every copy, so it is in the page. */
function assets(read: (name: string) => string): HtmlAssets {
  return {
    uplotScript: `/*!\n${read('LICENSE')}*/\n${read('uPlot.iife.min.js')}`,
    uplotStyle: read('uPlot.min.css'),
  }
}
