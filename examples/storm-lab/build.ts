// Writes the page as a static folder: files that need nothing else, and no server that does more than hand them out.
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))

const shared = {
  bundle: true,
  minify: true,
  target: 'es2022',
  metafile: true,
  logLevel: 'warning',
  // Leads `breakwater/simulate` to the source, and the sockets to the platform's own.
  tsconfig: join(here, '../../tsconfig.json'),
} satisfies BuildOptions

/** Builds the page into a folder. */
export async function buildStormLab(folder: string): Promise<void> {
  const worker = await build({ ...shared, entryPoints: [join(here, 'worker.ts')], format: 'iife', write: false })
  const script = worker.outputFiles[0]?.text ?? ''
  const page = await build({
    ...shared,
    entryPoints: { 'storm-lab': join(here, 'main.ts'), style: join(here, 'style.css') },
    outdir: folder,
    // A module would not load from a page that was opened as a file.
    format: 'iife',
    define: { workerScript: JSON.stringify(script) },
  })
  await cp(join(here, 'index.html'), join(folder, 'index.html'))
  const files = [page, worker].flatMap(({ metafile }) => Object.keys(metafile.inputs))
  await writeFile(join(folder, 'licences.txt'), await licencesOf(files))
}

/** What is asked of everybody who hands out the packages that have gone in. */
async function licencesOf(files: readonly string[]): Promise<string> {
  const packages = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [])
  const texts = [...new Set(packages)].sort().map(async (path) => {
    const file = (await readdir(path)).find((name) => /^licen[cs]e/i.test(name))
    if (file === undefined) throw new Error(`${path} has no licence`)
    return `${path.replace(/^.*node_modules\//, '')}\n\n${await readFile(join(path, file), 'utf8')}`
  })
  return (await Promise.all(texts)).join('\n\n')
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(here, 'dist'))
  await buildStormLab(folder)
  console.log(`Built: open ${join(folder, 'index.html')}, or serve the folder.`)
}
