/**
 * All that is used of a client of node-redis 5 or newer: one from `createClient`, `createCluster` or `createSentinel`.
 * Nothing is imported from it.
 */
export interface NodeRedisClient {
  readonly isReady?: boolean
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  duplicate(): NodeRedisSubscriber
}

export interface NodeRedisSubscriber {
  readonly isReady?: boolean
  on(event: string, listener: () => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  destroy(): void
  unref?(): void
}

/** All that is used of a client of ioredis 5 or newer, a cluster included. Nothing is imported from it. */
export interface IoRedisClient {
  readonly status: string
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
  duplicate(): IoRedisSubscriber
}

export interface IoRedisSubscriber {
  readonly status: string
  readonly stream?: unknown
  on(event: string, listener: (channel: string, message: string) => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  disconnect(): void
}

export type RedisClient = NodeRedisClient | IoRedisClient

/** A connection of its own for messages. */
export interface Ears {
  ready(): boolean
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  close(): void
}

export interface RedisPort {
  /** False while a command would only be queued. */
  ready(): boolean
  run(script: string, keys: string[], args: string[]): Promise<unknown>
  /** @param onReady the connection stands, for the first time or again: nothing may be subscribed, and messages may be lost */
  listen(onMessage: (channel: string, message: string) => void, onReady: () => void): Ears
}

export function redisPort(client: RedisClient): RedisPort {
  return 'status' in client ? ioRedisPort(client) : nodeRedisPort(client)
}

/** An error on this connection shows as silence, and silence is what polling is for; unheard, it would end the process. */
const unheard = () => {}

function nodeRedisPort(client: NodeRedisClient): RedisPort {
  return {
    // A cluster has no word for it.
    ready: () => client.isReady ?? true,
    run: (script, keys, args) => client.eval(script, { keys, arguments: args }),
    listen: (onMessage, onReady) => {
      const ears = client.duplicate()
      const hear = (message: string, channel: string) => onMessage(channel, message)
      ears.on('error', unheard)
      let told = false
      ears.on('ready', () => {
        told = true
        onReady()
      })
      // A cluster does not tell: it finds its nodes again by itself.
      ears.connect().then(() => told || onReady(), unheard)
      // Only the user's own connection may keep a process alive.
      ears.on('connect', () => ears.unref?.())
      return {
        ready: () => ears.isReady ?? true,
        subscribe: (channel) => ears.subscribe(channel, hear),
        unsubscribe: (channel) => ears.unsubscribe(channel),
        close: () => ears.destroy(),
      }
    },
  }
}

function ioRedisPort(client: IoRedisClient): RedisPort {
  return {
    // A lazy client connects with its first command.
    ready: () => client.status === 'ready' || client.status === 'wait',
    run: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    listen: (onMessage, onReady) => {
      const ears = client.duplicate()
      ears.on('error', unheard)
      ears.on('message', onMessage)
      ears.on('ready', onReady)
      ears.on('connect', () => (ears.stream as { unref?(): void } | undefined)?.unref?.())
      if (ears.status === 'wait') ears.connect().catch(unheard)
      return {
        ready: () => ears.status === 'ready',
        subscribe: (channel) => ears.subscribe(channel),
        unsubscribe: (channel) => ears.unsubscribe(channel),
        close: () => ears.disconnect(),
      }
    },
  }
}
