import type { Version } from '../../coordination/coordination.ts'
import { type CoordinationScene, check, key, same } from './scene.ts'

/** Texts that a place may be tempted to change. */
const texts = [
  '',
  '0',
  'null',
  '{"a":1}',
  'line\nbreak\r\n\u0000',
  'umlaut ü, emoji 🌊, quote "\\',
  'x'.repeat(100_000),
]

/** Names that mean something to some place. */
const names = ['a', 'a:value', 'a:lease', 'a{b}', '{a}', '}{', 'ä 🌊', 'a/b?c=d#e', 'A', '__proto__', ' ']

/** What a `Store` promises. */
export const storeClauses: Readonly<Record<string, (scene: CoordinationScene) => Promise<void>>> = {
  'reads nothing where nothing was committed': async ({ a, done }) => {
    check((await done(a.read(key))) === undefined, 'there is something')
  },

  'gives every text back to the letter, to everybody': async ({ a, b, put, done }) => {
    let version: Version | undefined
    for (const text of texts) {
      version = await put(text, version)
      for (const reader of [b, a]) {
        const stored = await done(reader.read(key))
        check(stored?.value === text, `${JSON.stringify(text.slice(0, 40))} came back as another text`)
        check(same(stored?.version, version), 'the version that was read is not the one that the commit gave')
      }
    }
  },

  'commits only on the version that is there': async ({ a, b, put, done }) => {
    const first = await put('first')
    const write = (expected: Version | undefined) => b.commit(key, { value: 'late', expected, expiresInMs: Infinity })
    check((await done(write(undefined))) === undefined, 'a commit on nothing replaced a value')
    const second = await put('second', first, b)
    check((await done(write(first))) === undefined, 'a commit on an old version replaced a newer one')
    const elsewhere = { epoch: `${second.epoch}x`, number: second.number }
    check((await done(write(elsewhere))) === undefined, 'a commit on a version of another epoch replaced a value')
    check((await done(a.read(key)))?.value === 'second', 'a commit that was refused has changed the value')
  },

  'lets one of all be first': async ({ a, b, put, done }) => {
    let expected: Version | undefined
    for (const round of ['on nothing', 'on a value']) {
      const writers = Array.from({ length: 10 }, (_, index) => ({ by: index % 2 === 0 ? a : b, value: String(index) }))
      const written = await done(
        Promise.all(writers.map(({ by, value }) => by.commit(key, { value, expected, expiresInMs: Infinity }))),
      )
      const first = written.findIndex((version) => version !== undefined)
      check(written.filter((version) => version !== undefined).length === 1, `${round}, not just one was first`)
      check((await done(b.read(key)))?.value === writers[first]?.value, `${round}, the value is not that of the first`)
      expected = await put('next', written[first])
    }
  },

  'never gives a version twice, and counts up within an epoch': async ({ a, b, put, done, lead }) => {
    const seen: Version[] = []
    let last: Version | undefined
    for (let round = 0; round < 6; round++) {
      const by = round % 2 === 0 ? a : b
      const lease = await lead(by)
      const next = await put(String(round), last, by)
      await done(lease.release())
      const grew = last === undefined || next.epoch !== last.epoch || next.number > last.number
      check(grew, 'the number of a version has not grown')
      check(!seen.some((before) => same(before, next)), 'a version was given twice')
      seen.push(next)
      last = next
    }
  },

  'forgets a value when its time is over': async ({ a, b, done, pass, put }) => {
    const write = { value: 'brief', expected: undefined, expiresInMs: 600 }
    const brief = await done(a.commit(key, write))
    check((await done(b.read(key)))?.value === 'brief', 'it is gone before its time')
    await pass(660)
    check((await done(b.read(key))) === undefined, 'it is there after its time')
    check((await done(a.read(key))) === undefined, 'it is there after its time, where it was committed')
    const stale = { value: 'late', expected: brief, expiresInMs: Infinity }
    check((await done(b.commit(key, stale))) === undefined, 'a commit replaced a value that was gone')
    check(!same(await put('new', undefined, b), brief), 'a version was given twice')
  },

  'keeps a value without an end': async ({ b, put, done, pass }) => {
    const version = await put('kept')
    await pass(300)
    const stored = await done(b.read(key))
    check(stored?.value === 'kept' && same(stored.version, version), 'it is not kept')
  },

  'tells how old a value is, if it tells': async ({ b, put, done, pass }) => {
    await put('aging')
    await pass(200)
    const age = (await done(b.read(key)))?.ageMs
    if (age === undefined) return
    check(age >= 150 && age < 5_000, `after 200 ms it is said to be ${age} ms old`)
  },

  'keeps keys apart, whatever they are called': async ({ a, b, done }) => {
    for (const name of names) {
      const write = { value: `of ${name}`, expected: undefined, expiresInMs: Infinity }
      check((await done(a.commit(name, write))) !== undefined, `${name} was taken for another key`)
    }
    for (const name of names) {
      check((await done(b.read(name)))?.value === `of ${name}`, `${name} has the value of another key`)
      check((await done(b.tryLead(name))) !== undefined, `the lease of ${name} was taken for that of another key`)
    }
  },

  'hints after a commit and a release, by whomever': async ({ a, b, put, lead, soon, done }) => {
    let hints = 0
    const unwatch = b.watch(key, () => hints++)
    // Listening may take a moment to begin, and may begin with a hint.
    await soon(() => false, 100)
    const hinted = async (what: string, act: () => Promise<unknown>) => {
      const before = hints
      await act()
      check(await soon(() => hints > before, 3_000), `no hint came after ${what}`)
      await soon(() => false, 50)
    }
    let last: Version | undefined
    await hinted('a commit by another', async () => {
      last = await put('1')
    })
    await hinted('a commit of its own', () => put('2', last, b))
    await hinted('a release by another', async () => done((await lead(a)).release()))
    await hinted('a release of its own', async () => done((await lead(b)).release()))
    unwatch()
    const before = hints
    await done((await lead(a)).release())
    await soon(() => false, 100)
    check(hints === before, 'a hint came after the watch was ended')
  },
}
