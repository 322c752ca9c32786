/** Why each of them can cost less than ours: what it does not do. */
export const whyFaster: Readonly<Record<string, string>> = {
  'hand-fused':
    'no library but a yardstick: the same behaviour in one class, which has no layers, no events, no quantiles and no clock of its own',
  'hand-fused, with a signal':
    'no library but a yardstick: the same behaviour in one class, which has no layers, no events, no quantiles and no clock of its own',
  'hand-fused, four policies':
    'no library but a yardstick: no signal and no deadline of the caller, no budget, no Retry-After, a fixed limit, a row of failures instead of rates, no observation; no clock is read and no signal made',
  'cockatiel, with a signal':
    'no budget, no Retry-After, no limit that finds its own height, no deadline over all attempts',
  'cockatiel wrap of four':
    'no budget, no Retry-After, no limit that finds its own height, no deadline over all attempts',
  opossum: 'a circuit and a timeout alone: no retry, no budget, no limit that queues, and no signal that ends the work',
  'opossum, timeout':
    'a circuit and a timeout alone: no retry, no budget, no limit that queues, and no signal that ends the work',
  'opossum, no timeout': 'a circuit alone: no retry, no budget, no limit that queues, nothing that ends a call',
  'p-retry': 'a retry alone: no circuit, no timeout, no limit, no budget',
  'axios, idle adapter': 'no circuit, no retry, no limit; without a timeout it has no timer',
  'axios + axios-retry, idle adapter': 'a retry without circuit, limit or budget; without a timeout it has no timer',
  'axios, fetch adapter': 'no circuit, no retry, no limit; without a timeout it has no timer',
  'axios + axios-retry, fetch adapter': 'a retry without circuit, limit or budget; without a timeout it has no timer',
  ky: 'a retry and a timeout, without circuit, limit, budget or a gate that callers share',
  'ky, no retry, no timeout': 'ky with its retry and its timeout switched off: nothing is left but its shortcuts',
  'ofetch.raw':
    'one retry without backoff, no timeout, no circuit, no limit, no budget, and no Request is built from the string',
  createFetch: 'ours without ky',
}
