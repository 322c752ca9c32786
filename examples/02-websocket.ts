import { ReliableSocket } from 'breakwater/socket'

// A WebSocket in all but one thing: it comes back, and a fleet of it never comes back at once.
const socket = new ReliableSocket('wss://live.example/feed')

// On each connection, before all that waits.
socket.onopen = () => socket.send('subscribe prices')
socket.onmessage = ({ data }) => console.log(data)
socket.onclose = ({ code, willReconnect }) => console.warn(`lost (${code})${willReconnect ? '' : ' for good'}`)
socket.onreconnecting = ({ delayMs, cause }) => console.info(`${cause}: dials in ${Math.round(delayMs)} ms`)

// While there is no connection, what is sent waits, bounded. `deliver` tells when it was handed over.
await socket.deliver('order 7', { ttlMs: 60_000 })
