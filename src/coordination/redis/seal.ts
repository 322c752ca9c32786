import { OptionsError } from '../../core/options.ts'
import { ciphers, randomBytes } from '../../core/random.ts'
import type { Version } from '../coordination.ts'
import { CoordinationError } from '../error.ts'

/** Keys that values are sealed with. */
export interface EncryptOptions {
  /** 32 bytes from a good source of chance, the same for all who share the values. */
  readonly key: Uint8Array
  /**
   * Keys that values may still be sealed with; nothing is sealed with them any more. To change the key, first give the
   * new one here to all, then make it `key` and the old one previous, and drop that once its last value has expired.
   */
  readonly previousKeys?: readonly Uint8Array[] | undefined
}

/** Turns a value into what Redis keeps and back. Both are bound to the place of the value: its key and its version. */
export interface Seal {
  close(value: string, key: string, version: Version): Promise<string>
  /** @throws CoordinationError for a body that was not closed for this very place with one of our keys */
  open(body: string, key: string, version: Version): Promise<string>
}

/** The first letter of a body says how it is kept. */
const plain = 'p'
const sealed = 's'
const nonceBytes = 12

/** Keeps values as they are. One that is sealed is refused. */
export const noSeal: Seal = {
  close: async (value) => plain + value,
  open: async (body) => {
    if (!body.startsWith(plain)) throw new CoordinationError('Redis', 'unsealed')
    return body.slice(1)
  },
}

/**
 * AES-256-GCM of the platform's WebCrypto. The key name and the version are authenticated with the value, so whoever can
 * write to Redis can neither make a value up, nor put an old one or one of another key in its place. A value that is not
 * sealed is refused, or leaving the seal off would be the way around it.
 *
 * @throws OptionsError for a key that is not 32 bytes
 */
export function aesSeal({ key, previousKeys = [] }: EncryptOptions, place: string): Seal {
  const keys = [key, ...previousKeys].map((bytes) => {
    if (!(bytes instanceof Uint8Array) || bytes.length !== 32) {
      throw new OptionsError('redis.encrypt', 'redis.encrypt wants keys of 32 bytes each, as Uint8Array')
    }
    // A copy: the caller may wipe its own.
    const copy = new Uint8Array(bytes)
    let imported: Promise<CryptoKey> | undefined
    return () => {
      imported ??= ciphers().importKey('raw', copy, 'AES-GCM', false, ['encrypt', 'decrypt'])
      return imported
    }
  })
  const current = keys[0] as () => Promise<CryptoKey>
  const about = (name: string, { epoch, number }: Version) =>
    new TextEncoder().encode(JSON.stringify([place, name, epoch, number]))

  return {
    close: async (value, name, version) => {
      const iv = randomBytes(nonceBytes)
      const how = { name: 'AES-GCM', iv, additionalData: about(name, version) }
      const text = new Uint8Array(await ciphers().encrypt(how, await current(), new TextEncoder().encode(value)))
      return sealed + base64(iv) + base64(text)
    },
    open: async (body, name, version) => {
      const iv = body.startsWith(sealed) ? bytesOf(body.slice(1, 1 + (nonceBytes / 3) * 4)) : undefined
      const text = bytesOf(body.slice(1 + (nonceBytes / 3) * 4))
      if (iv?.length !== nonceBytes || text === undefined) throw new CoordinationError('Redis', 'unsealed')
      const how = { name: 'AES-GCM', iv, additionalData: about(name, version) }
      for (const candidate of keys) {
        const opened = await ciphers()
          .decrypt(how, await candidate(), text)
          .catch(() => undefined)
        if (opened !== undefined) return new TextDecoder().decode(opened)
      }
      throw new CoordinationError('Redis', 'unsealed')
    },
  }
}

function base64(bytes: Uint8Array): string {
  let binary = ''
  // In pieces: a spread of all bytes would be more arguments than a call takes.
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(binary)
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
  } catch {
    return undefined
  }
}
