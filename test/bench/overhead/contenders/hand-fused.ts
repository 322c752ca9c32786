import { FourPolicies, type Own } from '../reference/four-policies.ts'
import { SameBehaviour } from '../reference/same-behaviour.ts'
import type { Call } from './index.ts'
import { nothing, stub, url } from './stub.ts'

export function noOp(): Call {
  const fused = new SameBehaviour()
  return () => fused.call(nothing)
}

export function noOpWithSignal(): Call {
  const fused = new SameBehaviour()
  const { signal } = new AbortController()
  return () => fused.call(nothing, signal)
}

export function noOpOfFour(): Call {
  const fused = new FourPolicies()
  return () => fused.call(nothing)
}

export function stubbed(): Call {
  const fused = new SameBehaviour()
  const send = ({ signal }: Own) => stub(url, { signal })
  return () => fused.call(send)
}
