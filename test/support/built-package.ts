import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A project of its own with the package in its node_modules, built from the sources as they are now. */
export interface BuiltPackage {
  /** The project's folder. */
  readonly project: string
  /** The package's folder in it. */
  readonly installed: string
  /** Runs a module's text there in a fresh Node and gives what it printed; a failure rejects with what it complained. */
  node(module: string, ...flags: string[]): Promise<string>
  dispose(): Promise<void>
}

/** Builds beside `dist`, not into it: somebody else may be building or measuring that at the same time. */
export async function buildPackage(): Promise<BuiltPackage> {
  const project = await mkdtemp(join(tmpdir(), 'breakwater-built-'))
  const modules = join(project, 'node_modules')
  const installed = join(modules, 'breakwater')
  await mkdir(installed, { recursive: true })
  await run(process.execPath, [
    resolve('node_modules/tsup/dist/cli-default.js'),
    '--no-dts',
    '--out-dir',
    join(installed, 'dist'),
  ])
  await cp('package.json', join(installed, 'package.json'))
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')

  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'))
  for (const name of Object.keys(dependencies)) await symlink(resolve('node_modules', name), join(modules, name))

  return {
    project,
    installed,
    node: async (module, ...flags) => {
      const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '--eval', module], {
        cwd: project,
        env: { ...process.env, NODE_OPTIONS: '' },
      })
      return stdout
    },
    dispose: () => rm(project, { recursive: true, force: true }),
  }
}
