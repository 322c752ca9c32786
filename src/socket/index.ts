export type { DialContext, ProtocolsSource, UrlProvider, UrlSource } from './address.ts'
export type { Cause, Classify, Ending } from './classify.ts'
export type { Environment } from './environment.ts'
export { SocketError, type SocketErrorReason } from './error.ts'
export type {
  SocketCloseEvent,
  SocketErrorEvent,
  SocketEventMap,
  SocketOpenEvent,
  SocketOverflowEvent,
  SocketReconnectingEvent,
  SocketSuspendedEvent,
} from './events.ts'
export type { SocketHealth } from './health.ts'
export type { HeartbeatOptions } from './heartbeat.ts'
export { type Capacity, encodeHint, type Hint, parseHint, reconnectHint } from './hint.ts'
export { type JsonSession, jsonSession } from './json-session.ts'
export type { JsonSessionOptions } from './json-session-options.ts'
export type { StateName, Suspension } from './machine/index.ts'
export type { MessagesOptions } from './messages.ts'
export type { SocketOptions } from './options.ts'
export type { OutboxOptions } from './outbox.ts'
export type { DeliverOptions } from './sending.ts'
export type { Session, SessionLink } from './session.ts'
export { ReliableSocket } from './socket.ts'
export type { SocketToken } from './token.ts'
export type {
  BinaryType,
  DialRequest,
  OpenTransport,
  Refusal,
  SocketData,
  Transport,
  TransportListener,
} from './transport.ts'
