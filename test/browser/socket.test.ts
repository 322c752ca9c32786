import { inject } from 'vitest'
import { behaviour } from '../socket/conformance/behaviour.ts'

const origin = inject('socketOrigin')

/** The page's own `error` event, which vitest leaves alone while somebody listens. */
async function reported(run: () => Promise<unknown>): Promise<unknown[]> {
  const errors: unknown[] = []
  const listener = (event: ErrorEvent) => {
    event.preventDefault()
    errors.push(event.error)
  }
  window.addEventListener('error', listener)
  try {
    await run()
  } finally {
    window.removeEventListener('error', listener)
  }
  return errors
}

behaviour({ origin: () => origin, quirks: ['case-sensitive-protocols', 'reason-wants-code'], reported })
