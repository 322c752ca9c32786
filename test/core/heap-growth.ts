import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** Collects what nobody holds any more. */
export const collect: () => void = runInNewContext('gc')

/** Bytes by which the heap and its buffers have grown after `work`, rubbish not counted. */
export function heapGrowth(work: () => void): number {
  const used = () => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  work()
  return used() - before
}
