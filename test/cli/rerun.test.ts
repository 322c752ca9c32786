import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { rerunWith } from '../../src/cli/rerun.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

/** Ends with 7 when it is asked to, and with 1 by itself. */
const script = `process.on('message', () => process.exit(7)); setTimeout(() => process.exit(1), 10_000)`

const folders: string[] = []

afterEach(async () => {
  vi.restoreAllMocks()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

it('a process with a larger heap is asked to end, though that was asked for before it began', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rerun-'))
  folders.push(folder)
  const file = join(folder, 'child.mjs')
  await writeFile(file, script)
  vi.spyOn(process, 'argv', 'get').mockReturnValue([process.execPath, file])
  vi.spyOn(process, 'execArgv', 'get').mockReturnValue([])
  const terminal = { signal: AbortSignal.abort(), note() {} } as unknown as Terminal
  expect(await rerunWith(terminal).start(2 ** 26)).toBe(7)
})
