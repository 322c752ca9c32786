/**
 * Whether there is a network, and whether anybody looks. The browser's own by default; in React Native it is made from
 * NetInfo and AppState.
 */
export interface Environment {
  online(): boolean
  visible(): boolean
  /** Calls `listener` whenever one of the two may have changed, and when a page comes back from where it was frozen. */
  onChange(listener: () => void): () => void
}

interface Page extends EventTarget {
  readonly visibilityState?: string
}

const listeners = new Set<() => void>()

function tell(): void {
  for (const listener of [...listeners]) listener()
}

/** Every way in which a page tells that it is back: none of them comes on all platforms. */
function listen(method: 'addEventListener' | 'removeEventListener', page: Page): void {
  for (const type of ['online', 'offline', 'pageshow']) globalThis[method](type, tell)
  for (const type of ['visibilitychange', 'resume']) page[method](type, tell)
}

let ofPage: Environment | undefined

/** The page's own; undefined where there is no page. Its listeners are there only while a socket listens. */
export function pageEnvironment(): Environment | undefined {
  const { document: page } = globalThis as { document?: Page }
  if (page === undefined || typeof globalThis.addEventListener !== 'function') return undefined
  ofPage ??= {
    online: () => globalThis.navigator?.onLine !== false,
    visible: () => page.visibilityState !== 'hidden',
    onChange(listener) {
      if (listeners.size === 0) listen('addEventListener', page)
      // A wrapper of our own, so that the same function given twice is two entries.
      const entry = () => listener()
      listeners.add(entry)
      return () => {
        if (listeners.delete(entry) && listeners.size === 0) listen('removeEventListener', page)
      }
    },
  }
  return ofPage
}
