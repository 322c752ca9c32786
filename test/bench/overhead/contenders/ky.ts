import ky from 'ky'
import type { Call } from './index.ts'
import { stub, url } from './stub.ts'

export function stubbed(): Call {
  const own = ky.create({ fetch: stub })
  return () => own.get(url)
}

export function bareStubbed(): Call {
  const bare = ky.create({ fetch: stub, retry: 0, timeout: false })
  return () => bare.get(url)
}
