import { parseHint, type Session } from '../../src/socket/index.ts'

/** A session that knows nothing but hints: in a welcome, or in a message that says that the server is about to leave. */
export function welcomed(): Session {
  return {
    opened: (link) => link.ready(),
    received(frame, link) {
      const text = String(frame)
      const hint = parseHint(text)
      if (hint) link.hint(hint, text.includes('drain'))
      else link.deliver(frame)
    },
  }
}
