/**
 * 64 bits that stand for a text, as 16 hex digits: for telling texts apart where the text itself must not be kept. It is
 * no cryptographic hash. Nobody gets a long random secret back from it, but a short or guessable text can be found by
 * trying, so it belongs where the text itself might be as well. (The mixing steps are those of MurmurHash3.)
 */
export function fingerprint(text: string): string {
  let high = 0x9e3779b9 ^ text.length
  let low = 0x85ebca6b
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 0xcc9e2d51)
    high = (high << 13) | (high >>> 19)
    low = Math.imul(low ^ unit, 0x1b873593) + high
    low = (low << 15) | (low >>> 17)
  }
  high = mixed(high ^ low)
  low = mixed(low + high)
  return hex(mixed(high + low)) + hex(low)
}

function mixed(word: number): number {
  let bits = word ^ (word >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
