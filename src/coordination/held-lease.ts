import type { Clock } from '../core/clock.ts'
import type { Lease, Version } from './coordination.ts'

/** A lease that was just granted by a place which counts its time for itself. */
export interface Grant {
  readonly version: Version
  readonly leaseMs: number
  /** When it was asked for, on the monotonic clock: the place can only have begun to count later. */
  readonly askedAt: number
  /** False if it is not ours any more. A rejection says nothing. */
  renew(): Promise<boolean>
  /** Gives it back if it is still ours. */
  giveBack(): Promise<unknown>
}

/** A lease, and the way to end it from our side, as a `close` does. */
export interface HeldLease extends Lease {
  end(reason: unknown): Promise<void>
}

/** How much sooner than the place we see the end: two clocks run apart by at most this share, and this many ms. */
const drift = { share: 0.01, ms: 2 }

/**
 * Renews a grant after each third of its time, so that two renewals may fail, and tells when it is over by our own clock,
 * whatever became of the place.
 *
 * @param onOver called once, when it is neither renewed nor held any more
 */
export function holdLease(grant: Grant, clock: Clock, onOver: () => void): HeldLease {
  const { version, leaseMs, renew, giveBack } = grant
  const usableMs = Math.max(0, leaseMs * (1 - drift.share) - drift.ms)
  const lost = new AbortController()
  let over = false
  let cancelEnd: () => void
  let cancelRenewal: () => void

  const stop = () => {
    over = true
    cancelEnd()
    cancelRenewal()
    onOver()
  }
  const leave = async (reason?: { readonly lost: unknown }) => {
    if (over) return
    stop()
    if (reason) lost.abort(reason.lost)
    // Also what is lost, for something of it may be left. What cannot be given back lapses.
    await giveBack().catch(() => undefined)
  }
  const countFrom = (askedAt: number) => {
    const lapse = () => void leave({ lost: new Error('the lease has lapsed: it could not be renewed in time') })
    cancelEnd = clock.setTimer(askedAt + usableMs - clock.now(), lapse)
  }
  const renewAt = (dueAt: number) => {
    cancelRenewal = clock.setTimer(dueAt - clock.now(), async () => {
      const askedAt = clock.now()
      const ours = await renew().catch(() => undefined)
      if (over) return
      if (ours === false) {
        await leave({ lost: new Error('the lease is not ours any more') })
        return
      }
      if (ours) {
        cancelEnd()
        countFrom(askedAt)
      }
      renewAt(askedAt + leaseMs / 3)
    })
  }

  countFrom(grant.askedAt)
  renewAt(grant.askedAt + leaseMs / 3)
  return {
    version,
    lost: lost.signal,
    release: () => leave(),
    end: (reason) => leave({ lost: reason }),
  }
}
