// `npm run bench`: what a call costs above the transport, when all is well; `npm run bench -- socket`: the same of a
// socket. Absolute times belong to the machine they were taken on; the ratios are what to compare.
import '../support/from-source.mjs'

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  http: () => import('./http.ts'),
  socket: () => import('./socket/run.ts'),
}

const [asked = 'http'] = process.argv.slice(2)
const bench = Object.hasOwn(benches, asked) ? benches[asked] : undefined
if (bench) await bench()
else {
  console.error(`bench: no '${asked}'; there are: ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
}
