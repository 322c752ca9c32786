// One outage, two fleets: `npm run demo`. The parts are in demo/, one job each.
import { constants } from 'node:os'
import { styleText } from 'node:util'
import { figures } from './demo/figures.ts'
import { breakwaterFleet, naiveFleet } from './demo/fleets.ts'
import { type DemoOptions, readOptions, usage } from './demo/options.ts'
import { caution, picture, story } from './demo/picture.ts'
import { progress } from './demo/progress.ts'
import { run } from './demo/run.ts'
import { scenario } from './demo/scenario.ts'

const fleets = [
  { name: 'naive', title: 'plain fetch', build: naiveFleet },
  { name: 'breakwater', title: 'Breakwater', build: breakwaterFleet },
]

async function demo({ json, seconds }: DemoOptions, stop: AbortSignal): Promise<void> {
  const experiment = scenario(seconds)
  if (!json) console.log(`${story(experiment)}\n`)
  const runs = []
  for (const { name, title, build } of fleets) {
    const { show, done } = progress(title, experiment, process.stderr)
    runs.push({ name, title, trace: await run(experiment, build, stop, show).finally(done) })
  }
  const warning = caution(runs)
  if (warning) console.error(warning)
  if (json)
    console.log(JSON.stringify(Object.fromEntries(runs.map(({ name, trace }) => [name, figures(experiment, trace)]))))
  else {
    // styleText leaves colours out where the stream cannot show them, and where NO_COLOR is set.
    console.log(
      picture(experiment, runs, process.stdout.columns ?? Infinity, (style, text) =>
        styleText(style, text, { stream: process.stdout }),
      ),
    )
  }
}

async function main(): Promise<number> {
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

process.exitCode = await main()
