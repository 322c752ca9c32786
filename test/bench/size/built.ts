import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const execute = promisify(execFile)
const { resolve } = createRequire(import.meta.url)

/** Builds the package from the sources as they are, and gives its folder for as long as `use` takes; `dist` is left alone. */
export async function withBuilt<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-size-'))
  try {
    await Promise.all([
      copyFile(join(root, 'package.json'), join(folder, 'package.json')),
      symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction'),
    ])
    const tsup = join(dirname(resolve('tsup')), 'cli-default.js')
    const quietly = ['--no-dts', '--no-sourcemap', '--silent', '--out-dir', join(folder, 'dist')]
    await execute(process.execPath, [tsup, ...quietly], { cwd: root })
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What `size-limit` measures there, in bytes by name. It ends with 1 where a budget does not hold, having told all. */
export async function sizeLimits(folder: string): Promise<ReadonlyMap<string, number>> {
  const command = join(dirname(resolve('size-limit')), 'bin.js')
  const failed = (error: { readonly stdout?: string }) => error
  const { stdout = '' } = await execute(process.execPath, [command, '--json'], { cwd: folder }).catch(failed)
  const told = JSON.parse(stdout) as readonly { readonly name: string; readonly size: number }[]
  return new Map(told.map(({ name, size }) => [name, size]))
}
