import { identifier } from '../../core/random.ts'
import type { Stored, Version, Write } from '../coordination.ts'
import { CoordinationError } from '../error.ts'
import type { Commands } from './commands.ts'
import type { RedisKeys } from './keys.ts'
import { commitScript, lookScript, readScript } from './scripts.ts'
import type { Seal } from './seal.ts'

/** The longest body that is written or taken, in bytes. A token has a few thousand. */
const maxBodyBytes = 2 ** 20

/** Above this a life is none that Redis has to end: ten years, in ms. */
const foreverMs = 10 * 365 * 86_400_000

/** What is there under one key. */
export async function readValue(
  commands: Commands,
  seal: Seal,
  { value }: RedisKeys,
  key: string,
): Promise<Stored | undefined> {
  const reply = await commands.run(readScript, [value], [String(maxBodyBytes)])
  if (reply[0] === 'large') throw new CoordinationError('Redis', 'too-large')
  if (reply.length === 0) return undefined
  const [epoch, number, body, age] = reply
  const version = versionOf(epoch, number)
  if (version === undefined || body === undefined) throw new CoordinationError('Redis', 'invalid')
  // Two readings of whole ms can be one apart from what was between them: rather older than younger. Its calendar can be
  // set back, and a value is never younger than new.
  const ageMs = Math.max(0, Number(age) || 0) + 1
  return { version, value: await seal.open(body, key, version), ageMs }
}

/** Which version is there, and whether somebody leads. */
export async function look(
  commands: Commands,
  { value, lease }: RedisKeys,
): Promise<{ readonly version: Version | undefined; readonly led: boolean }> {
  const [epoch, number, led] = await commands.run(lookScript, [value, lease], [])
  const version = versionOf(epoch, number)
  if (version === undefined && !(epoch === '' && number === '')) throw new CoordinationError('Redis', 'invalid')
  return { version, led: led !== '0' }
}

/**
 * Writes if the expected version is there. The body is sealed to its version, so that is chosen here: the next one of
 * the same epoch, and one of a new epoch where Redis does not go on in the old.
 */
export async function commitValue(
  commands: Commands,
  seal: Seal,
  { value, channel }: RedisKeys,
  key: string,
  write: Write,
): Promise<Version | undefined> {
  const { expected } = write
  const life = write.expiresInMs > foreverMs ? '' : String(Math.max(0, Math.floor(write.expiresInMs)))
  const attempt = async (version: Version): Promise<string> => {
    const body = await seal.close(write.value, key, version)
    // UTF-16 units at first: at most the bytes, and nothing to compute.
    if (body.length > maxBodyBytes || new TextEncoder().encode(body).length > maxBodyBytes) {
      throw new CoordinationError('Redis', 'too-large')
    }
    const before = expected ? [expected.epoch, String(expected.number)] : ['', '']
    const after = [version.epoch, String(version.number)]
    const [verdict] = await commands.run(commitScript, [value], [...before, ...after, body, life, channel])
    return verdict ?? ''
  }

  let version = expected ? { epoch: expected.epoch, number: expected.number + 1 } : newEpoch()
  let verdict = await attempt(version)
  if (verdict === 'epoch') {
    version = newEpoch()
    verdict = await attempt(version)
  }
  if (verdict === 'done') return version
  if (verdict === 'other') return undefined
  throw new CoordinationError('Redis', 'invalid')
}

function newEpoch(): Version {
  return { epoch: identifier(), number: 1 }
}

/** What Redis says a version is, if it can be one. */
export function versionOf(epoch: string | undefined, number: string | undefined): Version | undefined {
  if (epoch === undefined || !/^[\w-]{1,64}$/.test(epoch)) return undefined
  if (number === undefined || !/^[1-9]\d{0,15}$/.test(number) || !Number.isSafeInteger(Number(number))) return undefined
  return { epoch, number: Number(number) }
}
