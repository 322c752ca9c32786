import { createClient, every } from 'breakwater'

const client = createClient({ attemptMs: 3_000 })
const grant = { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials' }) }

// Asking twice for a token does no harm, so this POST may be repeated.
const renew = async () =>
  (await client.fetch('https://id.example/token', { ...grant, breakwater: { idempotent: true } })).json()

let token = await renew()
// Each process at moments of its own: a fleet that starts together never renews together.
const renewal = async () => {
  token = await renew()
}
every(0.8 * token.expires_in * 1_000, renewal, { onError: console.error })
