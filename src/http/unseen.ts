/** Codes of a connection that ended under a request: Node's own, and those of undici inside it. */
const broken: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/**
 * Whether a request went out on a kept-alive connection that the server had just closed: the connection had served
 * answers before, and nothing came back. Only requests that may be repeated anyway are sent again for it, because nobody
 * can tell what the server read last. Browsers do this by themselves and hide it.
 */
export function wasUnseen(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown; socket?: { bytesRead?: number } } }
  if (!(error instanceof TypeError) || typeof cause !== 'object' || cause === null) return false
  return broken.has(cause.code) && (cause.socket?.bytesRead ?? 0) > 0
}
