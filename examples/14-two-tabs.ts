// Two tabs with one rotating refresh token: each refresh token is good once, and one that comes twice ends the sign-in.
// Start the provider with `node examples/server.ts`. Node has the Web Locks and the BroadcastChannel of a browser, so
// two coordinations of one process stand for two tabs here.
import { tabsCoordination } from 'breakwater/tabs'
import { createTokenSource, refreshToken } from 'breakwater/token'

const provider = process.env.PROVIDER_URL ?? 'http://127.0.0.1:8787'
const signIn = await (await fetch(`${provider}/sign-in`, { method: 'POST' })).json()

const openTab = () => {
  const coordination = tabsCoordination({ name: 'example-12' })
  const fetchToken = refreshToken({
    tokenUrl: `${provider}/token`,
    clientId: 'app',
    refreshToken: signIn.refresh_token,
  })
  return { coordination, token: createTokenSource({ fetchToken, coordination }) }
}
const tabs = [openTab(), openTab()]
const both = () => Promise.all(tabs.map(({ token }) => token.get()))

// Both need a token at once; one of them asks for it.
const before = await both()
// A server refuses it in both; one of them renews it, with the refresh token that the first answer brought.
for (const [index, { token }] of tabs.entries()) token.rejected(before[index] as (typeof before)[0])
const after = await both()

const { tokens: asked, refused } = await (await fetch(`${provider}/counts`)).json()
const shown = [before, after].map((pair) => new Set(pair.map(({ accessToken }) => accessToken)).size)
console.log(`2 tabs, ${shown.join(' and ')} token, the provider was asked ${asked} times and refused ${refused}`)

await Promise.all(tabs.map(({ token }) => token.close()))
await Promise.all(tabs.map(({ coordination }) => coordination.close()))
