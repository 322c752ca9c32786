import type { Call } from './contenders/index.ts'

/** Runs `count` calls, so many at once: one after the other, or in batches whose calls are all under way together. */
export async function runCalls(call: Call, count: number, atOnce: number): Promise<void> {
  if (atOnce === 1) {
    for (let index = 0; index < count; index++) await call()
    return
  }
  const batch = new Array<Promise<unknown>>(atOnce)
  for (let index = 0; index < count; index += atOnce) {
    for (let place = 0; place < atOnce; place++) batch[place] = call()
    await Promise.all(batch)
  }
}
