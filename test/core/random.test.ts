import { afterEach, describe, expect, it, vi } from 'vitest'
import { identifier, type Random, seededRandom, systemRandom } from '../../src/core/random.ts'

const take = (random: Random, count: number) => Array.from({ length: count }, () => random())

/** How far counts in `bins` equal parts of [0, 1) are from even. */
function chiSquare(numbers: number[], bins: number): number {
  const counts = new Array<number>(bins).fill(0)
  for (const number of numbers) {
    const bin = Math.floor(number * bins)
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const fair = numbers.length / bins
  return counts.reduce((sum, count) => sum + (count - fair) ** 2 / fair, 0)
}

/** What a fair source exceeds once in a thousand times with 100 bins. */
const limitOf100Bins = 148.2

describe('seededRandom', () => {
  it('gives the same stream for the same seed', () => {
    for (const seed of [0, 1, 42, -1, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]) {
      expect(take(seededRandom(seed), 100)).toEqual(take(seededRandom(seed), 100))
    }
  })

  it('gives streams of their own: one does not move another', () => {
    const [first, second] = [seededRandom(1), seededRandom(1)]
    take(first, 10)
    expect(second()).toBe(seededRandom(1)())
  })

  it('uses all of a seed, beyond 32 bits as well', () => {
    const starts = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40].map((seed) => seededRandom(seed)())
    expect(new Set(starts).size).toBe(starts.length)
  })

  it('stays the same from version to version, because recorded runs depend on it', () => {
    expect(take(seededRandom(1), 3)).toMatchInlineSnapshot(`
      [
        0.13342684879899025,
        0.7609421159140766,
        0.16369804623536766,
      ]
    `)
  })

  it('gives numbers from 0 up to but not including 1', () => {
    const numbers = take(seededRandom(2), 100_000)
    expect(numbers.filter((number) => !(number >= 0 && number < 1))).toEqual([])
  })

  it.each([0, 1, 12_345, 2 ** 40])('is even for seed %d', (seed) => {
    expect(chiSquare(take(seededRandom(seed), 100_000), 100)).toBeLessThan(limitOf100Bins)
  })

  it('is even in pairs: a number does not tell the next one', () => {
    const numbers = take(seededRandom(3), 200_000)
    const pairs = numbers.flatMap((number, index) =>
      index % 2 ? [] : [(Math.floor(number * 10) * 10 + Math.floor((numbers[index + 1] as number) * 10)) / 100 + 0.005],
    )
    expect(chiSquare(pairs, 100)).toBeLessThan(limitOf100Bins)
  })

  it.each([0, 1, 10])('is even over neighbouring seeds, at number %d of their streams', (skipped) => {
    const numbers = Array.from({ length: 20_000 }, (_, seed) => take(seededRandom(seed), skipped + 1).at(-1) as number)
    expect(chiSquare(numbers, 100)).toBeLessThan(limitOf100Bins)
    expect(new Set(numbers).size).toBeGreaterThan(19_990)
  })

  it('has nothing in common between a seed and its neighbours', () => {
    for (const seed of [0, 1, 1_000, 2 ** 32 - 1, 2 ** 40]) {
      const [stream, next] = [take(seededRandom(seed), 1_000), take(seededRandom(seed + 1), 1_000)]
      const product = stream.reduce((sum, number, index) => sum + (number - 0.5) * ((next[index] as number) - 0.5), 0)
      // Correlation of two independent streams of 1,000: a standard deviation of 0.032.
      expect(Math.abs(product / 1_000 / (1 / 12))).toBeLessThan(0.13)
    }
  })
})

describe('systemRandom', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('is the platform’s, looked up at each call', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.125)
    expect(systemRandom()).toBe(0.125)
  })
})

describe('identifier', () => {
  afterEach(() => void vi.unstubAllGlobals())

  const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  const withoutRandomUuid = (fill?: number) => {
    const { crypto } = globalThis
    vi.stubGlobal('crypto', {
      getRandomValues: (bytes: Uint8Array<ArrayBuffer>) =>
        fill === undefined ? crypto.getRandomValues(bytes) : bytes.fill(fill),
    })
  }

  it.each(['with randomUUID', 'without it, as on pages served over http'])('is a version 4 UUID, %s', (where) => {
    if (where !== 'with randomUUID') withoutRandomUuid()
    const identifiers = Array.from({ length: 1_000 }, identifier)
    for (const one of identifiers) expect(one).toMatch(version4)
    expect(new Set(identifiers).size).toBe(1_000)
  })

  it.each([
    [0x00, '00000000-0000-4000-8000-000000000000'],
    [0xff, 'ffffffff-ffff-4fff-bfff-ffffffffffff'],
    [0x0a, '0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a'],
  ])('marks version and variant in bytes of %d', (fill, uuid) => {
    withoutRandomUuid(fill)
    expect(identifier()).toBe(uuid)
  })

  it('does not come from Math.random, which a page can replace', () => {
    const spy = vi.spyOn(Math, 'random')
    identifier()
    withoutRandomUuid()
    identifier()
    expect(spy).not.toHaveBeenCalled()
  })
})
