import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteLength } from '../../src/socket/address.ts'
import { bytesOf, copyOf, type Letter, Outbox, type OutboxOptions, outboxDefaults } from '../../src/socket/outbox.ts'

function letter(data: string, failed?: (error: unknown) => void): Letter {
  return { data, bytes: bytesOf(data), failed }
}

function outbox(options: Partial<OutboxOptions>) {
  const lost: [count: number, bytes: number][] = []
  const box = new Outbox({ ...outboxDefaults, ...options }, (count, bytes) => lost.push([count, bytes]))
  return { box, lost }
}

function drain(box: Outbox): string[] {
  const texts: string[] = []
  for (let next = box.first(); next; next = box.first()) {
    texts.push(String(next.data))
    box.remove(next)
  }
  return texts
}

describe('the outbox', () => {
  it('keeps what it was given, in that order', () => {
    const { box } = outbox({})
    for (const text of ['a', 'b', 'c']) box.add(letter(text))
    expect([box.size, box.bytes]).toEqual([3, 3])
    expect(drain(box)).toEqual(['a', 'b', 'c'])
    expect([box.size, box.bytes]).toEqual([0, 0])
  })

  it('rejects the new when it is full, by count or by bytes, and tells each', () => {
    const { box, lost } = outbox({ maxCount: 3, maxBytes: 10 })
    const errors: unknown[] = []
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dd', 'e']) box.add(letter(text, (error) => errors.push(error)))
    expect(lost).toEqual([
      [1, 4],
      [1, 1],
    ])
    expect(errors).toMatchObject([
      { code: 'socket', reason: 'overflow' },
      { code: 'socket', reason: 'overflow' },
    ])
    expect(drain(box)).toEqual(['aaaa', 'bbbb', 'dd'])
  })

  it('drops as many of the oldest as the new one needs, and tells them together', () => {
    const { box, lost } = outbox({ maxCount: 4, maxBytes: 10, overflow: 'drop-oldest' })
    const gone: string[] = []
    for (const text of ['aaa', 'bbb', 'ccc', 'ddddd']) box.add(letter(text, () => gone.push(text)))
    expect(gone).toEqual(['aaa', 'bbb'])
    expect(lost).toEqual([[2, 6]])
    expect(drain(box)).toEqual(['ccc', 'ddddd'])
  })

  it('drops nothing for a message that could never fit', () => {
    const { box, lost } = outbox({ maxBytes: 4, overflow: 'drop-oldest' })
    box.add(letter('aa'))
    box.add(letter('bbbbb'))
    expect(lost).toEqual([[1, 5]])
    expect(drain(box)).toEqual(['aa'])
  })

  it.each(['reject', 'drop-oldest'] as const)('lets none wait with a bound of 0 (%s)', (overflow) => {
    for (const options of [{ maxCount: 0 }, { maxBytes: 0 }]) {
      const { box, lost } = outbox({ ...options, overflow })
      box.add(letter('a'))
      expect([box.size, lost]).toEqual([0, [[1, 1]]])
    }
  })

  it('is never beyond its bounds, loses nothing untold and keeps the order', () => {
    const options = fc.record({
      maxCount: fc.nat(6),
      maxBytes: fc.nat(40),
      overflow: fc.constantFrom('reject' as const, 'drop-oldest' as const),
    })
    const acts = fc.array(fc.oneof(fc.string({ maxLength: 15, unit: 'grapheme' }), fc.constant(undefined)), {
      maxLength: 60,
    })
    const runs = fc.property(options, acts, (given, texts) => {
      const { box, lost } = outbox(given)
      const failed = new Set<number>()
      const out: number[] = []
      texts.forEach((text, at) => {
        const first = box.first()
        if (text !== undefined) box.add({ ...letter(text, () => failed.add(at)), at } as Letter)
        else if (first) {
          out.push((first as Letter & { at: number }).at)
          box.remove(first)
        }
        expect(box.size).toBeLessThanOrEqual(given.maxCount)
        expect(box.bytes).toBeLessThanOrEqual(given.maxBytes)
      })
      const waiting = box.size
      box.fail('closed', 'the end')
      expect(box.bytes).toBe(0)
      expect(out).toEqual([...out].sort((a, b) => a - b))
      const given_ = texts.filter((text) => text !== undefined).length
      expect(out.length + failed.size).toBe(given_)
      expect(lost.reduce((sum, [count]) => sum + count, 0)).toBe(failed.size)
      expect(waiting).toBeLessThanOrEqual(given.maxCount)
    })
    fc.assert(runs, { numRuns: 1_000 })
  })

  it('fails all that wait at the end, with one word about them', () => {
    const { box, lost } = outbox({})
    const errors: unknown[] = []
    box.add(letter('aa', (error) => errors.push(error)))
    box.add(letter('b', (error) => errors.push(error)))
    box.fail('closed', 'over')
    expect(errors).toMatchObject([{ reason: 'closed' }, { reason: 'closed' }])
    expect(lost).toEqual([[2, 3]])
    box.fail('closed', 'over')
    expect(lost).toHaveLength(1)
  })
})

describe('a message that waits', () => {
  it('is a copy of the buffer, and of the part of it that was meant', () => {
    const bytes = new Uint8Array([1, 2, 3, 4])
    const copies = [copyOf(bytes.subarray(1, 3)), copyOf(bytes.buffer), copyOf(new DataView(bytes.buffer, 2, 2))]
    bytes.fill(9)
    expect(copies.map((copy) => [...new Uint8Array(copy as ArrayBuffer)])).toEqual([
      [2, 3],
      [1, 2, 3, 4],
      [3, 4],
    ])
  })

  it('is counted in the bytes that it has on the wire', () => {
    const runs = fc.property(fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }), (text) => {
      expect(byteLength(text)).toBe(new TextEncoder().encode(text).byteLength)
    })
    fc.assert(runs, { numRuns: 1_000 })
    expect(bytesOf(new Blob(['abc']))).toBe(3)
    expect(bytesOf(new Float64Array(2))).toBe(16)
    expect(bytesOf(new ArrayBuffer(5))).toBe(5)
  })
})
