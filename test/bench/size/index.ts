// What a page loads that imports a part of this package, beside what others weigh.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bar, FasterPeer, RunSection, Section } from '../section.ts'
import { sizeLimits, withBuilt } from './built.ts'
import { type Bundle, bundle } from './bundle.ts'
import { peers } from './peers.ts'

/** A budget of package.json, which says what is measured as well. */
interface Budget {
  readonly name: string
  readonly path: string
  readonly import?: string
  readonly ignore?: readonly string[]
  readonly limit: string
}

interface Manifest {
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly 'size-limit': readonly Budget[]
}

const layer = 'breakwater/layers: '
const breakerAlone = `${layer}breaker`
const layerBound = 1.2

/** In kB, by the name of a budget; a single layer's is `layerBound`. */
const bounds: Readonly<Record<string, number>> = {
  breakwater: 21,
  'breakwater, without ky and cockatiel': 11,
  'breakwater/socket': 6.5,
  'breakwater/socket: ReliableSocket': 4.5,
}

/** What nobody should have to load who did not ask for it. */
const heavy = ['ky', 'cockatiel']

const kB = (bytes: number): string => (bytes / 1_000).toFixed(2)

interface Ours extends Bundle {
  readonly budget: Budget
  readonly sizeLimit: number | undefined
}

/** Everything that package.json has a budget for, from a fresh build. */
function measureOurs(): Promise<Ours[]> {
  return withBuilt(async (folder) => {
    const { peerDependencies, ...manifest } = JSON.parse(
      await readFile(join(folder, 'package.json'), 'utf8'),
    ) as Manifest
    const limits = await sizeLimits(folder)
    const measured: Ours[] = []
    for (const budget of manifest['size-limit']) {
      const { path, import: names = '*', ignore = [], name } = budget
      // As size-limit does it: what the reader installs is not counted.
      const external = [...ignore, ...Object.keys(peerDependencies)]
      const found = await bundle({ source: `export ${names} from './${path}'`, from: folder, external })
      measured.push({ ...found, budget, sizeLimit: limits.get(name) })
    }
    return measured
  })
}

async function measurePeers(): Promise<ReadonlyMap<string, Bundle | undefined>> {
  const from = fileURLToPath(new URL('../../../', import.meta.url))
  const found = new Map<string, Bundle | undefined>()
  for (const { name, packages, source } of peers) {
    const installed = packages.every((one) => existsSync(join(from, 'node_modules', one)))
    found.set(name, installed ? await bundle({ source, from }) : undefined)
  }
  return found
}

const pulled = ({ packages }: Bundle): string[] => packages.filter((name) => heavy.includes(name))

function barsOf(all: readonly Ours[]): Bar[] {
  const single = all.filter(({ budget }) => budget.import)
  const sizes = all.flatMap((one): Bar[] => {
    const { name } = one.budget
    // The breaker is cockatiel's by design; what is held is what ours adds to it.
    const bound = bounds[name] ?? (name.startsWith(layer) && pulled(one).length === 0 ? layerBound : undefined)
    return bound === undefined
      ? []
      : [{ what: `${name}: min + brotli`, measured: one.brotli / 1_000, bound, unit: 'kB' }]
  })
  const others = single.filter(({ budget }) => budget.name !== breakerAlone && budget.path !== 'dist/index.js')
  const what = `layers and sockets of ${others.length} that pull ky or cockatiel, the breaker aside`
  return [
    ...sizes,
    { what, measured: others.filter((one) => pulled(one).length > 0).length, bound: 0, unit: 'imports' },
  ]
}

function smallerPeers(all: readonly Ours[], others: ReadonlyMap<string, Bundle | undefined>): FasterPeer[] {
  return peers.flatMap(({ name, beside, why }): FasterPeer[] => {
    const mine = all.find(({ budget }) => budget.name === beside)
    const theirs = others.get(name)
    if (!mine || !theirs || why === undefined || theirs.brotli >= mine.brotli) return []
    return [{ peer: name, at: `size, beside ${beside}`, ratio: theirs.brotli / mine.brotli, why }]
  })
}

function rowOf({ budget, minified, brotli, sizeLimit, packages }: Ours): string[] {
  const limit = sizeLimit === undefined ? '' : kB(sizeLimit)
  return [budget.name, kB(minified), kB(brotli), limit, budget.limit.replace(' kB', ''), packages.join(', ')]
}

function peerRowOf([name, found]: readonly [string, Bundle | undefined]): string[] {
  if (!found) return [name, '', 'not installed', '', '']
  return [name, kB(found.minified), kB(found.brotli), found.packages.join(', '), found.builtins.join(', ')]
}

export const run: RunSection = async (): Promise<Section> => {
  const ours = await measureOurs()
  const others = await measurePeers()
  const method =
    'Bundled and minified by esbuild for browsers (ESM, es2022), then brotli 11, from a build of the sources as they are; 1 kB is 1,000 bytes. Nothing is measured twice: it is the same each time. `size-limit` is what `npm run check` measures, with Rolldown in the place of esbuild, and holds against the budget. `pulls` are the packages of which a part is in the bundle, by esbuild’s own account.'
  const columns = ['import', 'min kB', 'min + brotli kB']
  return {
    name: 'size',
    title: 'Size',
    method,
    tables: [
      { title: 'Ours', columns: [...columns, 'size-limit kB', 'budget kB', 'pulls'], rows: ours.map(rowOf) },
      { title: 'Others', columns: [...columns, 'pulls', 'of Node, not counted'], rows: [...others].map(peerRowOf) },
    ],
    bars: barsOf(ours),
    faster: smallerPeers(ours, others),
  }
}
