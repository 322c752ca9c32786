/** A number from 0 up to but not including 1. */
export type Random = () => number

/** The platform's own randomness, good enough for jitter; looked up late so that a test can replace it. */
export const systemRandom: Random = () => Math.random()

/**
 * A repeatable stream of numbers: the same seed gives the same stream, and neighbouring seeds give streams that have
 * nothing in common. The generator is sfc32 of the PractRand suite; 32 bits of each number are random.
 */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0
  let b = (seed / 2 ** 32) >>> 0
  let c = 0x9e3779b9
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // The state needs a dozen rounds before seeds that differ in one bit have parted.
  for (let round = 0; round < 12; round++) next()
  return next
}

/** An identifier that no other call, process or cloned machine makes: a version 4 UUID (RFC 9562). */
export function identifier(): string {
  // Pages served over plain http have no randomUUID, but they do have getRandomValues.
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Bytes that nobody can guess. */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count))
}

/** The platform's ciphers; a page served over plain http has none. */
export function ciphers(): SubtleCrypto {
  return crypto.subtle
}
