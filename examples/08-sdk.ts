import { createClient } from 'breakwater'
import Groq from 'groq-sdk'

// A model may think for a while before it says anything.
const { fetch } = createClient({ attemptMs: 60_000, deadlineMs: 120_000 })

// The SDKs of OpenAI, Anthropic and many others are made by the same generator, with the same options.
const groq = new Groq({
  baseURL: 'https://api.example',
  apiKey: 'from your settings',
  fetch,
  // Two retries of its own around ours would send every attempt again, to a server that is in trouble.
  maxRetries: 0,
  // It covers all our attempts together: shorter than `deadlineMs`, it would end the last one too early.
  timeout: 125_000,
})

/** A POST goes out once, unless it has a key. */
export async function ask(content: string, signal: AbortSignal): Promise<string | null | undefined> {
  const question = { model: 'llama-3.3-70b-versatile', messages: [{ role: 'user' as const, content }] }
  const headers = { 'Idempotency-Key': crypto.randomUUID() }
  const { choices } = await groq.chat.completions.create(question, { signal, headers })
  return choices[0]?.message.content
}
