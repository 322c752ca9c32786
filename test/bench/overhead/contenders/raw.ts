import type { Call } from './index.ts'
import { nothing, stub, url } from './stub.ts'

export const noOp: Call = nothing

export function stubbed(): Call {
  return () => stub(url)
}
