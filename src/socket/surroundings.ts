import { onAbort } from '../core/abort.ts'
import type { Environment } from './environment.ts'
import type { Now } from './machine/index.ts'
import type { Resolved } from './resolve-options.ts'

/** What the world around a socket may tell it. */
export interface SurroundingsListener {
  /** The page came back, or the network changed, or the opposite of these. */
  changed(network: boolean): void
  aborted(): void
}

/** What a socket sees of the page that it is in; without one, nothing is in its way. */
export function look({ whenHidden }: Resolved, page: Environment | undefined): Pick<Now, 'hidden' | 'blocked'> {
  const hidden = page ? !page.visible() : false
  const away = hidden && whenHidden === 'wait' ? 'hidden' : undefined
  return { hidden, blocked: page?.online() === false ? 'offline' : away }
}

/** Listens to the page and to the caller's signal, until it is told to leave; undefined where there is neither. */
export function listen(
  { signal }: Resolved,
  page: Environment | undefined,
  listener: SurroundingsListener,
): (() => void) | undefined {
  let wasOnline = true
  const leavePage = page?.onChange(() => {
    const online = page.online() !== false
    const network = online !== wasOnline
    wasOnline = online
    listener.changed(network)
  })
  const leaveSignal = signal && onAbort(signal, () => listener.aborted())
  if (!page && !signal) return undefined
  return () => {
    leavePage?.()
    leaveSignal?.()
  }
}
