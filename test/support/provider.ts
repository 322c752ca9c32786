import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** `examples/server.ts` as a reader starts it, on a port of its own. */
export async function startProvider(): Promise<{ readonly url: string; counts(): Promise<unknown>; stop(): void }> {
  const env = { ...process.env, PORT: '0' }
  const child = spawn(process.execPath, ['examples/server.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const url = String(line).trim()
  return {
    url,
    counts: async () => (await fetch(`${url}/counts`)).json(),
    stop: () => child.kill(),
  }
}
