import { createClient } from '../../client/index.ts'
import { clientCredentials, createTokenSource } from '../../refresh/index.ts'
import { Callers, withGoodput } from '../callers.ts'
import { Network } from '../network.ts'
import { choice, count, derived, duration, flag, number, refuse, type ValuesOf } from '../parameter.ts'
import { Recorder } from '../recorder.ts'
import { Recovery } from '../recovery.ts'
import type { PolicyReport } from '../report.ts'
import { RivalToken } from '../rivals/rival-token.ts'
import { tokenFormulas } from '../rivals/token-formulas.ts'
import { type Outcome, scenario } from '../scenario.ts'
import { inFull, inSeconds, oneByOne } from '../sentence.ts'
import { FleetStore } from '../servers/fleet-store.ts'
import { IdentityProvider } from '../servers/identity-provider.ts'
import { outage, outageKinds } from '../servers/outage.ts'
import type { World } from '../world.ts'

const parameters = {
  clients: count('instances of the service; each has got its token as it was deployed, all at once', 2_000),
  lifetimeMs: duration('how long a token is good', 3_600_000, 10_000),
  capacity: derived('tokens that the provider issues per second; a fiftieth of the clients unless given', 0.001),
  queueMs: duration('how long requests may wait at the provider; beyond that it says 429', 10_000),
  retryAfterMs: duration('what a 429 says in Retry-After; 0 says nothing', 10_000, 0, 3_600_000),
  shared: flag('whether our instances share one token through a store; rivals have none'),
  outageMs: duration('how long the provider is out of order', 0),
  outageAt: number('when its outage begins, as a share of the lifetime of the first tokens', 0.9, 0, 100),
  outageBy: choice('what it does meanwhile: 503 to all, refusing connections, or nothing comes back', outageKinds),
  rate: number('calls that each instance makes per second, each with its token', 0.2, 0.001, 1_000),
  patienceMs: duration('how long such a call waits for a token before it is of no use', 10_000),
  timeoutMs: duration("rivals' patience with a token request", 30_000, 1),
  lifetimes: number('how long the run is, in lifetimes of a token', 1.5, 0.01, 100),
  latencyMs: duration('what a packet takes one way', 15),
  loss: number('share of packets that are lost', 0, 0, 0.5),
  seed: count('the same seed gives the same report', 1, 0, 2 ** 28),
} as const

type Values = ValuesOf<typeof parameters>

/** Time for the deployment, in ms: in it the provider has no queue. */
const deployMs = 2_000

/** And what is waited for the last of them, in ms, where packets are slow or get lost. */
const lastDeployedMs = 60_000

/**
 * A fleet is deployed, so all its tokens were issued together and end together. Times and curves count from then: an
 * instance has recovered when it holds its next token, and a second's share is that of the calls which had a good one.
 */
export const token = scenario({
  name: 'token',
  title: 'Token expiry of a fleet',
  what: 'Instances that were deployed together renew tokens that end together; the provider issues so many per second.',
  parameters,
  rivals: tokenFormulas,
  complete: (given) => {
    const values = { ...given, capacity: given.capacity ?? given.clients / 50 }
    if (values.outageMs > 0 && values.outageAt >= values.lifetimes) {
      refuse(
        'token',
        'outageAt',
        `wants to be below lifetimes (${values.lifetimes}): the run would end before the outage`,
      )
    }
    return values
  },
  run,
  summary: (ours, values, compared) => {
    const { clients, lifetimeMs, outageMs } = values
    const end = outageMs > 0 ? `, and a provider out of order for ${inSeconds(outageMs)}` : ''
    const who = `${clients.toLocaleString('en')} instances with tokens for ${inSeconds(lifetimeMs)}${end}`
    return oneByOne(who, fared, [ours, ...compared], values.shared ? 'Only ours share a store.' : '')
  },
})

async function run(world: World, values: Values, policy: string): Promise<Outcome> {
  const { clients, capacity, rate, lifetimeMs, outageMs, patienceMs } = values
  const network = new Network(world, values, -1)
  const provider = new IdentityProvider(world, network, values)
  const { server } = provider
  const store = values.shared && policy === 'breakwater' ? new FleetStore(world, network) : undefined
  const recorder = new Recorder(world)
  const recovery = new Recovery(clients)
  const fleet: Instance[] = []
  let ended = 0
  let deployed = 0
  const callers = new Callers(world, {
    clients,
    perSecond: rate,
    patienceMs,
    call: async (client) => {
      const good = await (fleet[client] as Instance).good()
      if (!good) ended++
      return good
    },
  })
  const curves = () => withGoodput(recorder.curves, callers.goodput)
  world.curves = curves
  let begun = false
  server.onRequest = () => recorder.arrived()
  server.speed = Infinity
  await world.forEach(clients, (client) => {
    const onToken = () => {
      if (begun && !recovery.has(client)) recovery.back(client, world.clock.now())
    }
    const instance = deploy({ world, provider, store, values, policy, client, onToken })
    fleet.push(instance)
    instance.good().then(
      () => deployed++,
      () => {},
    )
  })
  await world.run({ forMs: deployMs, progress: () => 0 })
  const done = () => deployed >= clients
  if (!done()) await world.run({ forMs: lastDeployedMs, done, progress: () => 0 })
  server.speed = 1
  server.wasted = 0
  const [issuedBefore, fromMs] = [provider.issued, world.clock.now()]
  store?.begin()
  recorder.begin()
  begun = true
  if (outageMs > 0) world.later(values.outageAt * lifetimeMs, () => outage(world, server, values.outageBy, outageMs))
  if (!world.aborted) callers.start()
  await world.run({ forMs: values.lifetimes * lifetimeMs, eachSecond: () => recorder.sample(server.queued, 0) })
  server.onRequest = undefined
  await callers.stop()
  for (const instance of fleet) instance.close()
  const issued = provider.issued - issuedBefore
  return {
    ...recovery.times(fromMs),
    boundMs: null,
    peakPerSecond: recorder.peak(),
    peakOverCapacity: recorder.peak() / capacity,
    attemptsPerClient: recorder.total / clients,
    amplification: recorder.total / Math.max(1, issued),
    wasted: server.wasted,
    goodputLost: callers.goodput.lost,
    worstWaitMs: callers.longestMs,
    details: {
      issued,
      refused: provider.refused,
      firstRenewalPeak: recorder.peak(0, Math.ceil((1.2 * lifetimeMs) / 1_000)),
      calls: callers.goodput.wanted,
      heldEndedToken: ended,
      renewed: recovery.share,
      storePeakPerSecond: store?.peakPerSecond ?? null,
    },
    curves: curves(),
  }
}

interface Instance {
  /** Gets its token, and says whether it is good. */
  good(): Promise<boolean>
  close(): void
}

interface Deployment {
  readonly world: World
  readonly provider: IdentityProvider
  readonly store: FleetStore | undefined
  readonly values: Values
  readonly policy: string
  readonly client: number
  onToken(): void
}

function deploy({ world, provider, store, values, policy, client, onToken }: Deployment): Instance {
  const { clock } = world
  const formula = tokenFormulas.find(({ name }) => name === policy)
  if (formula) {
    const { timeoutMs } = values
    const rival = new RivalToken({ world, random: world.random(client), provider, formula, timeoutMs, onToken })
    return { good: async () => (await rival.get()).endsAt > clock.now(), close: () => rival.close() }
  }
  const runtime = world.runtime(client)
  const { tokenUrl, fetch } = provider
  const source = createTokenSource({
    runtime,
    fetchToken: clientCredentials({ tokenUrl, clientId: 'fleet', clientSecret: 'secret' }),
    coordination: store?.coordination(runtime),
  })
  const http = createClient({ runtime, token: source, fetch })
  source.onChange(onToken)
  return {
    good: async () => (await source.get()).expiresAt > clock.wallNow(),
    close: () => {
      // Nothing moves the clock any more, so nobody waits for it.
      void source.close()
      void http.close({ drainMs: 0 })
    },
  }
}

function fared({ peakPerSecond, peakOverCapacity, goodputLost, worstWaitMs }: PolicyReport): string {
  const peak = `${inFull(peakPerSecond)} requests in the busiest second (${inFull(peakOverCapacity)} × its capacity)`
  if (goodputLost === 0 && !worstWaitMs) return `${peak}, no call without a token`
  const lost = `${inFull(100 * goodputLost)} % of the calls failed`
  return `${peak}, ${lost}, at worst ${inSeconds(worstWaitMs ?? 0)} without a token`
}
