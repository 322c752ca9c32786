import { availableMemory } from 'node:process'
import { getHeapStatistics } from 'node:v8'

/** What is needed to run the same command again, in a process with a larger heap. */
export interface Rerun {
  /** Whether this process is that one. */
  readonly isChild: boolean
  /** Whether so many bytes want another process. */
  wanted(heapBytes: number): boolean
  /** Runs it there, and gives its exit code. */
  start(heapBytes: number): Promise<number>
}

type Values = Readonly<Record<string, number | string | boolean>>

/**
 * Bytes that live for each client at the worst moment, and a quarter more for what is not collected yet; measured with 500
 * to 100,000 of them. Where clients hold many things at a time it is those that count: calls that wait, keys of a cache.
 */
const bytesPerClient: Readonly<Record<string, (values: Values) => number>> = {
  reconnect: () => 10_000,
  failover: ({ clients, others }) => 10_000 * (1 + Number(others) / Number(clients)),
  token: () => 40_000,
  retry: ({ rate, outageMs }) => 20_000 + 9_000 * Number(rate) * (Number(outageMs) / 1_000),
  cache: ({ keys }) => 10_000 + 5_500 * Number(keys),
}

/** Of all others: a client with a call or two. */
const standardBytesPerClient = 25_000

/** What Node, this command and the curves take. */
const baseBytes = 100e6

/** How much heap a run takes. */
export function heapFor(scenario: string, values: Values): number {
  const each = bytesPerClient[scenario]?.(values) ?? standardBytesPerClient
  return baseBytes + (typeof values.clients === 'number' ? values.clients : 0) * each
}

/** Whether this process may grow so far. */
export function fits(heapBytes: number): boolean {
  return heapBytes <= getHeapStatistics().heap_size_limit
}

/** A word where the machine has less memory than a run wants. It may come through all the same: an estimate is rough. */
export function lacking(heapBytes: number, availableBytes = availableMemory()): string | undefined {
  if (heapBytes <= availableBytes) return undefined
  return `This run wants some ${inGb(heapBytes)} of memory and the machine has ${inGb(availableBytes)} to spare: it may be very slow, or be ended by the system.`
}

function inGb(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
