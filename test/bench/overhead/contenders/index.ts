/** One call, again and again. */
export type Call = () => Promise<unknown>

/** Who is measured, by name. Each is loaded only in the process that measures it. */
export const noOpContenders: Readonly<Record<string, () => Promise<Call>>> = {
  raw: async () => (await import('./raw.ts')).noOp,
  'hand-fused': async () => (await import('./hand-fused.ts')).noOp(),
  'hand-fused, with a signal': async () => (await import('./hand-fused.ts')).noOpWithSignal(),
  'hand-fused, four policies': async () => (await import('./hand-fused.ts')).noOpOfFour(),
  breakwater: async () => (await import('./ours.ts')).noOp(),
  'breakwater, with a signal': async () => (await import('./ours.ts')).noOpWithSignal(),
  'cockatiel wrap of four': async () => (await import('./cockatiel.ts')).noOp(),
  'cockatiel, with a signal': async () => (await import('./cockatiel.ts')).noOpWithSignal(),
  'opossum, timeout': async () => (await import('./opossum.ts')).noOp(10_000),
  'opossum, no timeout': async () => (await import('./opossum.ts')).noOp(false),
  'p-retry': async () => (await import('./p-retry.ts')).noOp(),
  'axios, idle adapter': async () => (await import('./axios.ts')).idle(),
  'axios + axios-retry, idle adapter': async () => (await import('./axios.ts')).idleWithRetry(),
}

export const layerContenders: Readonly<Record<string, () => Promise<Call>>> = {
  raw: noOpContenders.raw!,
  'observe, of the call': async () => (await import('./ours.ts')).layerAlone('observeCall'),
  'deadline, of the call': async () => (await import('./ours.ts')).layerAlone('deadlineCall'),
  'retry, with a budget': async () => (await import('./ours.ts')).layerAlone('retry'),
  pushback: async () => (await import('./ours.ts')).layerAlone('pushback'),
  limit: async () => (await import('./ours.ts')).layerAlone('limit'),
  breaker: async () => (await import('./ours.ts')).layerAlone('breaker'),
  'observe, of the attempt': async () => (await import('./ours.ts')).layerAlone('observeAttempt'),
  'deadline, of the attempt': async () => (await import('./ours.ts')).layerAlone('deadlineAttempt'),
  'all of them': noOpContenders.breakwater!,
}

export const stubContenders: Readonly<Record<string, () => Promise<Call>>> = {
  raw: async () => (await import('./raw.ts')).stubbed(),
  'hand-fused': async () => (await import('./hand-fused.ts')).stubbed(),
  createFetch: async () => (await import('./ours.ts')).stubbed(),
  'createClient().http': async () => (await import('./ours.ts')).kyStubbed(),
  ky: async () => (await import('./ky.ts')).stubbed(),
  'ky, no retry, no timeout': async () => (await import('./ky.ts')).bareStubbed(),
  'ofetch.raw': async () => (await import('./ofetch.ts')).stubbed(),
  'axios, fetch adapter': async () => (await import('./axios.ts')).stubbed(),
  'axios + axios-retry, fetch adapter': async () => (await import('./axios.ts')).stubbedWithRetry(),
  'cockatiel wrap of four': async () => (await import('./cockatiel.ts')).stubbed(),
  opossum: async () => (await import('./opossum.ts')).stubbed(10_000),
}

/** The same call with 1 to 1,000 upstreams in turn; the name ends with how many. */
const flatContenders: Readonly<Record<string, () => Promise<Call>>> = Object.fromEntries(
  [1, 10, 100, 1_000].flatMap((upstreams) => [
    [`createFetch ${upstreams}`, async () => (await import('./flat.ts')).ours(upstreams)],
    [`hand-fused ${upstreams}`, async () => (await import('./flat.ts')).handFused(upstreams)],
  ]),
)

export const groups = {
  noOp: noOpContenders,
  layers: layerContenders,
  stub: stubContenders,
  flat: flatContenders,
} as const

export type Group = keyof typeof groups
