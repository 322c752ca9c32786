import { expect, it } from 'vitest'
import { readOptions, usage } from '../../examples/demo/options.ts'

it('takes 30 s and draws a picture unless told otherwise', () => {
  expect(readOptions([])).toEqual({ help: false, json: false, seconds: 30 })
})

it('reads what it is told', () => {
  expect(readOptions(['--json', '--seconds', '9'])).toEqual({ help: false, json: true, seconds: 9 })
  expect(readOptions(['--seconds=8.5', '--help'])).toEqual({ help: true, json: false, seconds: 8.5 })
})

it('plays both acts, or the one that it is told', () => {
  expect(readOptions(['--act', 'sockets'])).toMatchObject({ act: 'sockets' })
  expect(readOptions(['--act=http'])).toMatchObject({ act: 'http' })
  expect(() => readOptions(['--act', 'third'])).toThrow(/--act wants http or sockets/)
})

it.each([['--jsn'], ['extra'], ['--seconds'], ['--json=1']])('refuses %s by name', (...args) => {
  expect(() => readOptions(args)).toThrow(args[0]!.split('=')[0]!)
})

it.each(['', '0', '7.9', '121', 'ten', 'NaN', 'Infinity', '-7'])(
  'refuses %j seconds, and says what it wants',
  (given) => {
    expect(() => readOptions([`--seconds=${given}`])).toThrow(/--seconds wants a number from 8 to 120/)
  },
)

it('tells of every option it takes', () => {
  for (const name of ['--json', '--seconds', '--act', '--help']) expect(usage).toContain(name)
})
