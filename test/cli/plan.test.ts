import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { plan } from '../../src/cli/plan/index.ts'
import { planText } from '../../src/cli/plan/text.ts'
import { plan as find, type Plan } from '../../src/simulate/index.ts'
import { listen } from '../support/said.ts'

describe('breakwater plan', () => {
  it('says what is best, what comes of it beside the defaults, and what to write', async () => {
    const said = listen()
    expect(await plan(['--clients', '100k', '--capacity', '2000', '--fleet', '300'], said)).toBe(0)
    const text = said.out()
    expect(text).toMatch(/^A server that says when it wants its clients back brings 99 % back after/)
    expect(text).toMatch(/^ {2}the defaults .*2\.5 s$/m)
    expect(text).toMatch(/^→ with a hint .*2\.5 s$/m)
    expect(text).toMatch(/^ {2}window 55 s, patience \d\d s .*27\.5 s$/m)
    expect(text).toMatch(/at only 1,000\/s/)
    expect(text).toContain(
      '  reconnectHint({ connections: 100_000, acceptPerSecond: 2000 }) // { afterMs: 0, withinMs: 55000 }',
    )
    expect(text).toMatch(/^ {2}new ReliableSocket\(url, \[\], \{ firstWindowMs: \{ drop: 55_000, restart: 55_000 \}/m)
    expect(text).toContain('waits 27.5 s on average, instead of 2.5 s')
    expect(text).toContain('--fleet 100000 simulates')
    expect(text).toContain('leave the retry budget as it is')
  })

  it('keeps its table within the lines of the terminal', async () => {
    const whole = await find({ clients: 200, capacity: 4 })
    const table = planText(whole, 80).split('\n\n').slice(1, 3)
    expect(table.map((block) => block.split('\n')[0]?.trim())).toEqual([
      expect.stringMatching(/^99 % back/),
      expect.stringMatching(/lost alone$/),
    ])
    const lines = table.join('\n').split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines.filter((line) => line.startsWith('→'))).toHaveLength(2)
  })

  it('counts one as one', async () => {
    const said = listen()
    expect(await plan(['--clients', '1', '--capacity', '1', '--outage', '0'], said)).toBe(0)
    expect(said.out().replace(/\s+/g, ' ')).toMatch(/1 socket, 1 handshake per second .* 3 extra attempts of 1 client /)
  })

  it('gives the plan of the library as JSON', async () => {
    const said = listen()
    const args = ['--clients', '200', '--capacity', '20', '--outage', '10s', '--server', 'backlog', '--seed', '3']
    expect(await plan([...args, '--json'], said)).toBe(0)
    const found = await find({ clients: 200, capacity: 20, outageMs: 10_000, server: 'backlog', seed: 3 })
    expect(JSON.parse(said.out())).toEqual(found)
  })

  it('says when there is nothing to change, and shows no code that changes something', async () => {
    const said = listen()
    expect(await plan(['--clients', '300', '--capacity', '66'], said)).toBe(0)
    expect(said.out()).toContain('nothing to change')
    expect(said.out()).toContain('new ReliableSocket(url) // the defaults')
    expect(said.out()).not.toContain('reconnectHint')
  })

  it('has what was tried when it is ended, and no advice', async () => {
    const end = new AbortController()
    const whole = await find({ clients: 200, capacity: 4 })
    const partial: Plan = {
      ...whole,
      partial: true,
      recommended: null,
      withoutHint: null,
      tried: whole.tried.slice(0, 2),
    }
    const text = planText(partial, 100)
    expect(text).toContain('the defaults')
    expect(text).not.toMatch(/ReliableSocket|reconnectHint/)
    end.abort()
    const said = listen(end.signal)
    expect(await plan(['--clients', '200', '--capacity', '4'], said)).toBe(0)
    expect(said.out()).toContain('nothing is recommended')
  })

  it.each([
    [[], /--clients was not given/],
    [['--clients', '5'], /--capacity was not given/],
    [['--clients', 'many', '--capacity', '5'], /--clients wants a whole number/],
    [['--clients', '1M', '--capacity', '100'], /--capacity is too small for any setting/],
    [['--clients', '5', '--capacity', '5', 'now'], /what is "now"/],
    [['--clients', '5', '--capacity', '5', '--servers', 'fifo'], /Did you mean --server\?/],
  ])('%j is bad usage', async (args, message) => {
    const said = listen()
    expect(await main(['plan', ...args], said)).toBe(2)
    expect(said.out()).toBe('')
    expect(said.notes.join()).toMatch(message)
  })

  it('says how it is used', async () => {
    const said = listen()
    expect(await plan(['--help'], said)).toBe(0)
    expect(said.out()).toContain('Usage: breakwater plan --clients N --capacity C')
    expect(said.out()).toContain('--outage TIME')
  })
})
