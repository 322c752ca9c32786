import { Agent } from 'node:http'

/** Sends one request and reads its body. */
export type Send = (url: string) => Promise<unknown>

/** Who is measured, by name; each is loaded only by a process that measures it. */
export const contenders: Readonly<Record<string, () => Promise<Send>>> = {
  'native fetch': async () => async (url) => (await fetch(url)).text(),
  // Any client that can give a request up must hand a signal down; this is what the platform takes for it.
  'native fetch, with a signal': async () => async (url) =>
    (await fetch(url, { signal: new AbortController().signal })).text(),
  createFetch: async () => {
    const { createFetch } = await import('../../../src/index.ts')
    const ours = createFetch()
    return async (url) => (await ours(url)).text()
  },
  'createClient().http': async () => {
    const { createClient } = await import('../../../src/index.ts')
    const { http } = createClient()
    return async (url) => (await http.get(url)).text()
  },
  ky: async () => {
    const { default: ky } = await import('ky')
    return async (url) => (await ky.get(url)).text()
  },
  got: async () => {
    const { default: got } = await import('got')
    const keeping = got.extend({ agent: { http: new Agent({ keepAlive: true }) } })
    return (url) => keeping.get(url).text()
  },
  axios: async () => {
    const { default: axios } = await import('axios')
    const keeping = axios.create({ httpAgent: new Agent({ keepAlive: true }), responseType: 'text' })
    return (url) => keeping.get(url)
  },
  'cockatiel around fetch': async () => {
    const { fourPolicies } = await import('../overhead/contenders/cockatiel.ts')
    const policy = fourPolicies()
    // Read within: the signal that it gives is aborted as soon as the headers are handed up, and the body with it.
    return (url) => policy.execute(async ({ signal }) => (await fetch(url, { signal })).text())
  },
  'opossum around fetch': async () => {
    const { default: CircuitBreaker } = await import('opossum')
    const breaker = new CircuitBreaker((url: string) => fetch(url), { timeout: 10_000 })
    return async (url) => (await breaker.fire(url)).text()
  },
  'undici.request': async () => {
    const { request } = await import('undici')
    return async (url) => (await request(url)).body.text()
  },
}
