import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { listen } from '../support/said.ts'

test('README shows what its command draws', async () => {
  const [, section = ''] = readFileSync('README.md', 'utf8').split(/<!-- \/?storm -->/)
  const [, command = '', picture = ''] = section.match(/`npx breakwater (.+?)` draws this:\n\n```text\n(.+?)```/s) ?? []
  const terminal = { ...listen(), columns: 80 }
  expect(await main(command.split(' '), terminal)).toBe(0)
  expect(terminal.out()).toBe(picture)
})
