// One outage and one restart, two fleets each: `npm run demo`. The parts are in demo/, one job each.

// Runs from the source, with nothing built; so what is to be run may only be imported now.
import '../test/support/from-source.mjs'

const { main } = await import('./demo/main.ts')
process.exitCode = await main()
