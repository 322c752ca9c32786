// Runs one simulation beside the page, and tells the page of it as it goes.
import { OptionsError, type Progress, type ScenarioOptions, simulate } from 'breakwater/simulate'
import type { News, Order } from './messages.ts'

/** The page draws no faster than this, so more would only cost. */
const tellEveryMs = 60

const abort = new AbortController()

self.onmessage = ({ data }: MessageEvent<Order>) => {
  if (data.kind === 'stop') abort.abort()
  else void run(data.options)
}

async function run(options: ScenarioOptions): Promise<void> {
  try {
    const report = await simulate(options, { signal: abort.signal, onProgress: teller() })
    tell({ kind: 'report', report })
  } catch (error) {
    if (error instanceof OptionsError) tell({ kind: 'refused', option: error.option, message: error.message })
    else tell({ kind: 'failed', message: String(error) })
  }
}

/** Tells of a run now and then: each time only the seconds that are new. */
function teller(): (progress: Progress) => void {
  let toldAt = 0
  let whose = ''
  let from = 0
  return (progress) => {
    const { policy, share } = progress
    if (performance.now() - toldAt < tellEveryMs) return
    if (policy !== whose) from = 0
    whose = policy
    toldAt = performance.now()
    const { arrivals, queue, recovered } = progress.curves
    const curves = { arrivals: arrivals.slice(from), queue: queue.slice(from), recovered: recovered.slice(from) }
    tell({ kind: 'progress', policy, share, from, curves })
    from = arrivals.length
  }
}

function tell(news: News): void {
  self.postMessage(news)
}
