/** Why each of them can be cheaper than ours: what it does not do. */
export const whyFaster: Readonly<Record<string, string>> = {
  'native fetch': 'the platform itself, with nothing around it: no retry, no timeout, no circuit, no limit',
  'native fetch, with a signal':
    'the platform itself, told how a request could be aborted: no retry, no timeout, no circuit, no limit',
  'createClient().http': 'ours',
  ky: 'a retry and a timeout, without circuit, limit, budget or a gate that callers share',
  got: 'it is built on node:http, so it makes no web streams and no Response; no circuit, limit or budget',
  axios: 'it is built on node:http, so it makes no web streams and no Response; no circuit, limit or budget',
  'cockatiel around fetch':
    'no budget, no Retry-After, no limit that finds its own height, no deadline over all attempts',
  'opossum around fetch':
    'a circuit and a timeout alone: no retry, no limit that queues, no budget, and its timeout ends no request',
  'undici.request':
    'the client below fetch, on raw streams: it makes no Request, no Response, no Headers and no web stream, follows no redirect, and retries nothing',
}
