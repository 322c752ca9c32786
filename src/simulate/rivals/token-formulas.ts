import type { Random } from '../../core/random.ts'

/** When a token is renewed, and what a failure does, as the packages have it. */
export interface TokenFormula {
  readonly name: string
  readonly label: string
  /** So long before the end a call begins a renewal, in ms. */
  earlyMs(lifetimeMs: number): number
  /** So long before the end calls wait for it and get its failure, in ms; before that they go on with the old token. */
  readonly waitsMs: number
  /** Whether calls that come while a renewal is under way share it. */
  readonly shares: boolean
  /** How long nobody tries after a failure, in ms; by the status (0: no answer came) and the Retry-After, if any. */
  pauseMs(status: number, hintMs: number | undefined, random: Random): number
  /** A renewal that failed is repeated after so long, in ms, until the token has ended. */
  readonly repeatsMs?: number
  /** Whether a failure leaves the old token in use, for as long as it is good or even beyond. */
  readonly keeps?: 'good' | 'ended'
  /** It is renewed so long after its issue, in ms, whether or not anybody asks. */
  everyMs?(lifetimeMs: number): number
}

const minute = 60_000

const noPause = () => 0

/** The window that the SDKs of AWS agreed on in 2026. */
function awsWindowMs(lifetimeMs: number): number {
  if (lifetimeMs <= 20 * minute) return 5 * minute
  return (lifetimeMs < 90 * minute ? 15 : 60) * minute
}

/**
 * The clients of today. The versions are those whose source the figures were read from. What their transports repeat by
 * themselves is left out, for each of them.
 */
export const tokenFormulas: readonly TokenFormula[] = [
  {
    name: 'on-expiry',
    label: 'Fetched anew once it has ended',
    earlyMs: () => 0,
    waitsMs: 0,
    shares: true,
    pauseMs: noPause,
  },
  {
    name: 'interval',
    label: 'Renewed by a timer at half of its life',
    earlyMs: () => 0,
    waitsMs: 0,
    shares: true,
    pauseMs: noPause,
    everyMs: (lifetimeMs) => lifetimeMs / 2,
  },
  {
    name: 'msal-node',
    label: '@azure/msal-node 7.2',
    // A fixed offset, within which a token counts as ended; each call makes a request of its own, and what is throttled
    // is refused although the token is good.
    earlyMs: () => 5 * minute,
    waitsMs: 5 * minute,
    shares: false,
    pauseMs: (status, hintMs) => (status === 0 ? 0 : Math.min(hintMs ?? minute, 60 * minute)),
  },
  {
    name: 'google-auth-library',
    label: 'google-auth-library 11.3',
    earlyMs: () => 5 * minute,
    waitsMs: 5 * minute,
    shares: true,
    pauseMs: noPause,
  },
  {
    name: 'aws-sdk-js',
    label: '@smithy/core 3.41 (AWS SDK for JavaScript)',
    earlyMs: () => 5 * minute,
    waitsMs: 5 * minute,
    shares: true,
    pauseMs: noPause,
  },
  {
    name: 'aws-sdk-go',
    label: 'aws-sdk-go-v2 (2026)',
    earlyMs: awsWindowMs,
    waitsMs: minute,
    shares: true,
    pauseMs: (_status, _hintMs, random) => (5 + 5 * random()) * minute,
    keeps: 'ended',
  },
  {
    name: 'azure-core',
    label: '@azure/core-rest-pipeline 1.25',
    earlyMs: () => 2 * minute,
    waitsMs: 1_000,
    shares: true,
    pauseMs: noPause,
    repeatsMs: 3_000,
    keeps: 'good',
  },
  {
    name: 'oauth2-go',
    label: 'golang.org/x/oauth2',
    earlyMs: () => 10_000,
    waitsMs: 10_000,
    shares: true,
    pauseMs: noPause,
  },
]
