import { createClient } from 'breakwater'
import createApi from 'openapi-fetch'

/** As `npx openapi-typescript` writes it from the description of an API. */
interface paths {
  '/orders/{id}': {
    get: {
      parameters: { path: { id: string } }
      responses: { 200: { content: { 'application/json': { id: string; item: number } } } }
    }
  }
}

// It hands on a `Request` and nothing beside it, so a POST that may be repeated says so by an Idempotency-Key header.
const { fetch } = createClient()
export const api = createApi<paths>({ baseUrl: 'https://api.example', fetch })

export const order = (id: string, signal: AbortSignal) => api.GET('/orders/{id}', { params: { path: { id } }, signal })
