import { createFetch } from '../../../../src/index.ts'
import { type Own, SameBehaviour } from '../reference/same-behaviour.ts'
import type { Call } from './index.ts'

/** One answer for all calls: what is compared is what the calls hold, not what responses do. */
const response = new Response('ok')
const send = async (_input: unknown, _init?: { signal?: AbortSignal | null }): Promise<Response> => response

const urlsOf = (upstreams: number) =>
  Array.from({ length: upstreams }, (_, index) => `http://upstream-${index}.test/orders?page=1`)

/** Goes through the upstreams one after the other. */
function inTurn(urls: readonly string[], call: (url: string) => Promise<unknown>): Call {
  let next = 0
  return () => {
    const url = urls[next]!
    next = next + 1 === urls.length ? 0 : next + 1
    return call(url)
  }
}

export function ours(upstreams: number): Call {
  const fetch = createFetch({ fetch: send as typeof globalThis.fetch, limit: false })
  return inTurn(urlsOf(upstreams), (url) => fetch(url))
}

/** With a state for each upstream, found by its URL's host as ours is. */
export function handFused(upstreams: number): Call {
  const states = new Map<string, SameBehaviour>()
  return inTurn(urlsOf(upstreams), (url) => {
    const { host } = new URL(url)
    let state = states.get(host)
    if (state === undefined) {
      state = new SameBehaviour(Infinity)
      states.set(host, state)
    }
    return state.call(({ signal }: Own) => send(url, { signal }))
  })
}
