/** What is known of a figure that only some scenarios have. */
export interface Detail {
  /** What it means, for who wonders. */
  readonly what: string
  /** How it is shown, where its name does not say that. */
  readonly as?: 'share' | 'yes or no'
}

/** Those of one load are here without it: `p99Ms` for `p99MsAt60`. */
const known: Readonly<Record<string, Detail>> = {
  connected: { what: 'share of the sockets that were back at the end', as: 'share' },
  gaveUp: { what: 'clients that stopped trying' },
  othersLost: { what: 'connections of those who were there before that were lost as well' },
  recoveryMs: { what: 'from the end of the trouble until 95 of 100 calls succeeded again' },
  peakAfterOverCapacity: { what: 'the busiest second after the trouble, as a multiple of what the server can do' },
  diverged: { what: 'whether it was cut off, because its attempts only became more', as: 'yes or no' },
  served: { what: 'share of the clients that got what they asked for', as: 'share' },
  returnPeakPerSecond: { what: 'arrivals in the busiest second once the server has opened' },
  issued: { what: 'tokens that the provider issued' },
  refused: { what: 'token requests that the provider turned away' },
  firstRenewalPeak: { what: 'token requests in the busiest second of the first renewal' },
  calls: { what: 'calls that somebody wanted to make' },
  heldEndedToken: { what: 'calls that were given a token that had ended' },
  renewed: { what: 'share that got a new value, or a new token', as: 'share' },
  storePeakPerSecond: { what: 'requests to the shared store in its busiest second' },
  reads: { what: 'reads of a value' },
  loads: { what: 'loads of a value from the database' },
  loadsPerEntry: { what: 'loads for each entry of each cache' },
  laterPeak: { what: 'loads in the busiest second once the first wave of them is over' },
  jobsDone: { what: 'jobs of which every call was done' },
  jobsFailed: { what: 'jobs that ended with a call that failed' },
  updated: { what: 'share of the clients that know of the change', as: 'share' },
  p50Ms: { what: 'half of the calls took no longer' },
  p99Ms: { what: '99 of 100 calls took no longer' },
  p999Ms: { what: '999 of 1,000 calls took no longer' },
  extra: { what: 'second copies that were sent, over calls', as: 'share' },
}

const atLoad = /At(\d+)$/

/** What a figure of one scenario means, and how it is shown. */
export function detailOf(name: string): Detail {
  const plain = name.replace(atLoad, '')
  const detail = Object.hasOwn(known, plain) ? known[plain] : undefined
  if (detail === undefined) return { what: 'a figure of this scenario alone' }
  const load = atLoad.exec(name)?.[1]
  return load === undefined ? detail : { ...detail, what: `at ${load} % load: ${detail.what}` }
}
