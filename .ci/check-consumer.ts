// Packs the built package, puts it into an empty project as npm would, and compiles test/types/ against it the way a
// strict stranger does: declaration files are checked as well, and there are no Node types to lean on.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const project = mkdtempSync(join(tmpdir(), 'breakwater-consumer-'))
const installed = join(project, 'node_modules', 'breakwater')

const variants = [
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
]

try {
  mkdirSync(installed, { recursive: true })
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', project], { encoding: 'utf8' }),
  )
  execFileSync('tar', ['-xzf', join(project, packed.filename), '--strip-components=1', '-C', installed])

  const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const name of Object.keys(manifest.dependencies)) {
    symlinkSync(resolve('node_modules', name), join(project, 'node_modules', name))
  }

  copyFileSync('test/types/consumer.ts', join(project, 'consumer.ts'))
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module' }))

  const failures = variants.filter((variant) => !compiles(variant))
  process.exitCode = failures.length === 0 ? 0 : 1
} finally {
  rmSync(project, { recursive: true, force: true })
}

function compiles(variant: (typeof variants)[number]): boolean {
  const compilerOptions = {
    ...variant,
    target: 'es2022',
    lib: ['ES2022', 'DOM', 'DOM.Iterable'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  try {
    execFileSync(process.execPath, [resolve('node_modules/typescript/bin/tsc')], { cwd: project, encoding: 'utf8' })
    return true
  } catch (error) {
    console.error(`with module ${variant.module}:\n${(error as { stdout?: string }).stdout ?? error}`)
    return false
  }
}
