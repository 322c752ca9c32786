import { createFetch } from 'ofetch'
import type { Call } from './index.ts'
import { stub, url } from './stub.ts'

export function stubbed(): Call {
  const { raw } = createFetch({ fetch: stub, Headers, AbortController })
  return () => raw(url)
}
