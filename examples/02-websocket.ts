import { deadline, retry, stack } from 'breakwater/layers'

// A dial is a call like any other: patient, and repeated over a jittered window that doubles.
const dial = stack<string, WebSocket>(
  [retry({ attempts: Infinity, baseMs: 5_000, capMs: 900_000 }), deadline({ ms: 45_000 })],
  (url, { signal }) =>
    new Promise((open, fail) => {
      const socket = new WebSocket(url)
      socket.onopen = () => open(socket)
      socket.onerror = fail
      signal.onabort = () => socket.close()
    }),
)

const page = new AbortController()
const once = { signal: page.signal, attempt: 1, deadlineAt: Infinity, priority: 'normal' } as const
const socket = await dial('wss://live.example/feed', once)
socket.onmessage = ({ data }) => console.log(data)
