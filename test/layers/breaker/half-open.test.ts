import { describe, expect, it } from 'vitest'
import { stack } from '../../../src/core/layer.ts'
import { type BreakerOptions, breaker, Circuit, CircuitOpenError } from '../../../src/layers/breaker/index.ts'
import { hang } from '../../../src/testing/index.ts'
import { world } from '../../support/world.ts'

/** A circuit that one failure opened, at the moment when it may be probed. */
async function readyToProbe(options: Partial<BreakerOptions> = {}) {
  const w = world(0.5)
  const circuit = new Circuit({ consecutive: 1, openMs: 1_000, halfOpenMs: 5_000, ...options }, w)
  /** Given while all was well. */
  const old = circuit.acquire()
  circuit.acquire().failure('failure', 10)
  await w.clock.advance(750)
  return { w, circuit, old }
}

describe('half-open', () => {
  it('lets one of 1,000 callers reach the wire, and rejects the others at once with a time', async () => {
    const { w, circuit } = await readyToProbe()
    let onTheWire = 0
    const slowly = async () => {
      onTheWire++
      await w.clock.sleep(100)
      return 'value'
    }
    const call = stack<string, string>([breaker({}, { circuit })], slowly, w)
    const calls = Array.from({ length: 1_000 }, () => call('request', w.context()).catch((error) => error))
    const refused = (await Promise.race([Promise.all(calls.slice(1)), w.clock.advance(0)])) as CircuitOpenError[]
    expect(onTheWire).toBe(1)
    expect(refused.length).toBe(999)
    for (const error of refused) {
      expect(error).toBeInstanceOf(CircuitOpenError)
      expect(error.phase).toBe('half-open')
      expect(error.retryAfterMs).toBeGreaterThan(0)
      expect(error.retryAfterMs).toBeLessThanOrEqual(1_000)
    }
    await w.clock.advance(100)
    expect(await calls[0]).toBe('value')
  })

  it('closes after 3 probes of 3, one after the other', async () => {
    const { circuit } = await readyToProbe()
    for (let passed = 0; passed < 3; passed++) {
      expect(circuit.phase).toBe('half-open')
      const probe = circuit.acquire()
      expect(() => circuit.acquire()).toThrow(CircuitOpenError)
      probe.success(10)
    }
    expect(circuit.phase).toBe('closed')
    expect(await circuit.settled()).toBe('closed')
  })

  it.each([0, 1, 2])('opens again when a probe fails after %i that passed', async (passed) => {
    const { w, circuit } = await readyToProbe()
    for (let probe = 0; probe < passed; probe++) circuit.acquire().success(10)
    circuit.acquire().failure('timeout', 10)
    expect(circuit.phase).toBe('open')
    expect(await circuit.settled()).toBe('open')
    await w.clock.advance(1_500)
    for (let probe = 0; probe < 3; probe++) {
      expect(circuit.phase).toBe('half-open')
      circuit.acquire().success(10)
    }
    expect(circuit.phase).toBe('closed')
  })

  it('starts with an empty memory after closing', async () => {
    const w = world(0.5)
    const circuit = new Circuit({ consecutive: 3, minCalls: 4, openMs: 1_000, probes: 1 }, w)
    const fail = () => circuit.acquire().failure('failure', 10)
    for (let attempt = 0; attempt < 3; attempt++) fail()
    await w.clock.advance(750)
    circuit.acquire().success(10)
    fail()
    fail()
    expect(circuit.phase).toBe('closed')
    fail()
    expect(circuit.phase).toBe('open')
  })
})

describe('a probe whose caller leaves', () => {
  it('moves nothing and gives its place back, as often as it happens', async () => {
    const { circuit } = await readyToProbe()
    circuit.acquire().success(10)
    for (let caller = 0; caller < 10; caller++) {
      circuit.acquire().ignore()
      expect(circuit.phase).toBe('half-open')
      expect(circuit.check()).toBeUndefined()
    }
    circuit.acquire().success(10)
    expect(circuit.phase).toBe('half-open')
    circuit.acquire().success(10)
    expect(circuit.phase).toBe('closed')
    expect(await circuit.settled()).toBe('closed')
  })

  it('does so through the layer when it aborts', async () => {
    const { w, circuit } = await readyToProbe()
    const controller = new AbortController()
    const call = stack<string, string>([breaker({}, { circuit })], hang(), w)
    const probe = call('request', w.context({ signal: controller.signal }))
    expect(circuit.check()).toBeInstanceOf(CircuitOpenError)
    controller.abort('left')
    await expect(probe).rejects.toBe('left')
    expect(circuit.phase).toBe('half-open')
    expect(circuit.check()).toBeUndefined()
  })
})

describe('a probe that hangs', () => {
  it('ends by the half-open limit, and what comes of it later moves nothing', async () => {
    const { w, circuit } = await readyToProbe()
    const hung = circuit.acquire()
    await w.clock.advance(4_999)
    expect(circuit.phase).toBe('half-open')
    await w.clock.advance(1)
    expect(circuit.phase).toBe('open')
    expect(await circuit.settled()).toBe('open')
    expect(w.events.at(-1)).toMatchObject({ type: 'circuit.opened', reason: 'half-open-limit' })
    hung.success(5_000)
    expect(circuit.phase).toBe('open')
    await w.clock.advance(1_500)
    const next = circuit.acquire()
    hung.failure('failure', 6_000)
    expect(circuit.phase).toBe('half-open')
    expect(() => circuit.acquire()).toThrow(CircuitOpenError)
    next.success(10)
  })

  it.each(['success', 'failure'] as const)('and ends in %s only after the limit does not close', async (ending) => {
    const { w, circuit } = await readyToProbe({ probes: 1 })
    const hung = circuit.acquire()
    await w.clock.advance(5_000)
    if (ending === 'success') hung.success(5_000)
    else hung.failure('failure', 5_000)
    expect(circuit.phase).toBe('open')
    expect(await circuit.settled()).toBe('open')
  })

  it('has that long for itself: a client that calls rarely can close the circuit as well', async () => {
    const { w, circuit } = await readyToProbe()
    for (let probe = 0; probe < 3; probe++) {
      expect(circuit.phase).toBe('half-open')
      const permit = circuit.acquire()
      await w.clock.advance(4_000)
      permit.success(4_000)
      await w.clock.advance(60_000)
    }
    expect(circuit.phase).toBe('closed')
    expect(await circuit.settled()).toBe('closed')
  })
})

describe('a result of an earlier generation moves nothing', () => {
  it('a failure that comes while open', async () => {
    const w = world(0.5)
    const circuit = new Circuit({ consecutive: 1, openMs: 1_000 }, w)
    const old = circuit.acquire()
    circuit.acquire().failure('failure', 10)
    await w.clock.advance(700)
    old.failure('failure', 700)
    expect(circuit.check()?.retryAfterMs).toBe(50)
  })

  it('a failure that comes in half-open', async () => {
    const { circuit, old } = await readyToProbe()
    const probe = circuit.acquire()
    old.failure('failure', 750)
    expect(circuit.phase).toBe('half-open')
    expect(() => circuit.acquire()).toThrow(CircuitOpenError)
    probe.success(10)
    expect(await circuit.settled()).toBe('half-open')
  })

  it('a success that comes in half-open', async () => {
    const { circuit, old } = await readyToProbe({ probes: 1 })
    const probe = circuit.acquire()
    old.success(750)
    expect(circuit.phase).toBe('half-open')
    expect(() => circuit.acquire()).toThrow(CircuitOpenError)
    probe.ignore()
    expect(await circuit.settled()).toBe('half-open')
  })

  it.each(['success', 'failure', 'ignore'] as const)('a probe of an earlier half-open: %s', async (how) => {
    const { w, circuit } = await readyToProbe()
    const hung = circuit.acquire()
    await w.clock.advance(5_000)
    await w.clock.advance(circuit.check()?.retryAfterMs ?? 0)
    circuit.acquire()
    if (how === 'ignore') hung.ignore()
    else if (how === 'success') hung.success(10)
    else hung.failure('failure', 10)
    expect(circuit.phase).toBe('half-open')
    expect(() => circuit.acquire()).toThrow(CircuitOpenError)
  })

  it('anything that comes after closing', async () => {
    const { circuit, old } = await readyToProbe({ probes: 1 })
    const probe = circuit.acquire()
    probe.success(10)
    expect(circuit.phase).toBe('closed')
    old.failure('failure', 750)
    probe.failure('failure', 10)
    expect(circuit.phase).toBe('closed')
    expect(await circuit.settled()).toBe('closed')
  })
})

it('a permit counts once', async () => {
  const { circuit } = await readyToProbe()
  const probe = circuit.acquire()
  probe.success(10)
  probe.success(10)
  probe.success(10)
  probe.failure('failure', 10)
  expect(circuit.phase).toBe('half-open')
  circuit.acquire()
  probe.ignore()
  expect(() => circuit.acquire()).toThrow(CircuitOpenError)
})
