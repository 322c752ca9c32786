import { describe, expect, test } from 'vitest'
import { flagName } from '../../src/cli/arguments.ts'
import { OptionsError, type ScenarioOptions, scenarios, simulate } from '../../src/simulate/index.ts'

async function refusal(given: object): Promise<string> {
  const error = await simulate(given as ScenarioOptions).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(OptionsError)
  return (error as Error).message
}

describe('what cannot be simulated is refused in a sentence that names it', () => {
  test.each<[given: object, message: RegExp]>([
    [{}, /wants a scenario whose name is one of reconnect, retry, /],
    [{ name: 'toString' }, /wants a scenario whose name/],
    [{ name: 'reconnect', clients: 0 }, /^reconnect\.clients wants a whole number from 1 to 10000000, got 0$/],
    [{ name: 'reconnect', clients: 1.5 }, /^reconnect\.clients wants a whole number/],
    [{ name: 'reconnect', clients: '10' }, /^reconnect\.clients wants .* got a string$/],
    [{ name: 'reconnect', capacity: Number.NaN }, /^reconnect\.capacity wants a number of at least 0.001, got NaN$/],
    [{ name: 'reconnect', outageMs: -1 }, /^reconnect\.outageMs wants milliseconds from 0 /],
    [{ name: 'reconnect', server: 'lifo' }, /^reconnect\.server wants one of fifo, backlog, got 'lifo'$/],
    [{ name: 'reconnect', hint: 1 }, /^reconnect\.hint wants true or false, got 1$/],
    [{ name: 'reconnect', client: 10 }, /^reconnect has no option 'client'; it has: clients, /],
    [{ name: 'reconnect', compare: 'partysocket' }, /^reconnect\.compare wants a list/],
    [{ name: 'reconnect', compare: ['socketio'] }, /^reconnect\.compare knows .*socket\.io.* got "socketio"$/],
  ])('%j', async (given, message) => {
    expect(await refusal(given)).toMatch(message)
  })
})

describe.each(Object.values(scenarios))('the parameters of $name', ({ name, parameters, rivals, what }) => {
  test('have a text each, a default that they would take themselves, and one seed', () => {
    expect(what).toMatch(/^[A-Z].*\.$/)
    expect(parameters).toHaveProperty('seed.default', 1)
    for (const [parameter, { kind, what, default: standard }] of Object.entries(parameters)) {
      expect(what, parameter).toMatch(/^\S.{10,}[^.]$/)
      if (kind === 'duration') expect(parameter).toMatch(/Ms$/)
      else expect(parameter).not.toMatch(/Ms$/)
      if (standard !== undefined) expect(typeof standard, parameter).toMatch(/number|string|boolean/)
    }
  })

  test('have a flag each on the command line', () => {
    const flags = Object.keys(parameters).map(flagName)
    expect(new Set(flags).size).toBe(flags.length)
  })

  test('have rivals with names of their own, or none', () => {
    const names = rivals.map((rival) => rival.name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).not.toContain('breakwater')
    expect(scenarios[name as keyof typeof scenarios].name).toBe(name)
  })
})
