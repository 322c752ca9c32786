import { constants } from 'node:os'
import { styleText } from 'node:util'
import { figures } from './figures.ts'
import { breakwaterFleet, naiveFleet } from './fleets.ts'
import { type DemoOptions, readOptions, usage } from './options.ts'
import { caution, picture, story } from './picture.ts'
import type { Paint } from './plot.ts'
import { progress } from './progress.ts'
import { run } from './run.ts'
import { scenario } from './scenario.ts'
import { stormFigures } from './sockets/figures.ts'
import { naiveClient, reliableClient } from './sockets/fleets.ts'
import { stormPicture, stormStory } from './sockets/picture.ts'
import { runStorm } from './sockets/run.ts'
import { storm } from './sockets/scenario.ts'

const fleets = [
  { name: 'naive', title: 'plain fetch', build: naiveFleet },
  { name: 'breakwater', title: 'Breakwater', build: breakwaterFleet },
]

const harbours = [
  { name: 'naive', title: 'naive', client: naiveClient },
  { name: 'breakwater', title: 'ReliableSocket', client: reliableClient },
]

/** Three hundred dials at once take the naive fleet's process a while; from here on it is the machine. */
const stormStallMs = 300

// styleText leaves colours out where the stream cannot show them, and where NO_COLOR is set.
const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout })
const columns = () => process.stdout.columns ?? Infinity

/** One outage over HTTP, two fleets one after the other; returns their figures. */
async function outage({ json, seconds }: DemoOptions, stop: AbortSignal): Promise<object> {
  const experiment = scenario(seconds)
  if (!json) console.log(`${story(experiment)}\n`)
  const runs = []
  for (const { name, title, build } of fleets) {
    const { show, done } = progress(title, experiment, process.stderr)
    runs.push({ name, title, trace: await run(experiment, build, stop, show).finally(done) })
  }
  const warning = caution(runs)
  if (warning) console.error(warning)
  if (!json) console.log(picture(experiment, runs, columns(), paint))
  return Object.fromEntries(runs.map(({ name, trace }) => [name, figures(experiment, trace)]))
}

/** One restart, two fleets of sockets at a time; returns their figures. */
async function restart({ json }: DemoOptions, stop: AbortSignal): Promise<object> {
  if (!json) console.log(`${stormStory(storm)}\n`)
  const over = new AbortController()
  const both = AbortSignal.any([stop, over.signal])
  const settled = await Promise.allSettled(
    harbours.map(async ({ name, title, client }) => {
      try {
        return { name, title, trace: await runStorm(storm, client, both) }
      } catch (error) {
        // Neither is waited for without the other, and no server is left behind.
        over.abort(error)
        throw error
      }
    }),
  )
  const runs = settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
  const warning = caution(runs, stormStallMs)
  if (warning) console.error(warning)
  if (!json) console.log(stormPicture(storm, runs, columns(), paint))
  return Object.fromEntries(runs.map(({ name, trace }) => [name, stormFigures(storm, trace)]))
}

async function demo(options: DemoOptions, stop: AbortSignal): Promise<void> {
  const { act, json } = options
  const requests = act === 'sockets' ? {} : await outage(options, stop)
  if (!json && act === undefined) console.log('')
  const sockets = act === 'http' ? {} : { sockets: await restart(options, stop) }
  if (json) console.log(JSON.stringify({ ...requests, ...sockets }))
}

export async function main(): Promise<number> {
  let options: DemoOptions
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`demo: ${(error as Error).message}\n\n${usage}`)
    return 2
  }
  if (options.help) {
    console.log(usage)
    return 0
  }
  const stop = new AbortController()
  let interrupted: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Once each: whoever asks a second time is not made to wait for the server. It ends when it loses us.
    process.once(signal, () => {
      interrupted = 128 + constants.signals[signal]
      stop.abort()
    })
  }
  try {
    await demo(options, stop.signal)
    return interrupted ?? 0
  } catch (error) {
    if (interrupted !== undefined) return interrupted
    console.error('demo:', error)
    return 1
  }
}
