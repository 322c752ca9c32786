import type { Context } from '../core/layer.ts'
import type { Token } from '../refresh/token.ts'

/** Travels in the context of an attempt, because copies of one exchange may be under way with different tokens. */
const carried = Symbol('breakwater.token')

type Carrying = Context & { readonly [carried]?: { readonly token: Token; readonly resent: boolean } }

/** The `Authorization` of an attempt, where the bearer gave it one. */
export function authorizationOf(context: Carrying): string | undefined {
  const token = context[carried]?.token
  return token && `${token.tokenType} ${token.accessToken}`
}

/** Whether this attempt sends once more what the very same one has sent before, with another token. */
export function isResent(context: Carrying): boolean {
  return context[carried]?.resent === true
}

/** The context of an attempt that carries this token. */
export function carrying(context: Context, token: Token, resent: boolean): Context {
  return { ...context, [carried]: { token, resent } } as Carrying
}
