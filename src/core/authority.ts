const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'ws:': '80', 'https:': '443', 'wss:': '443' }

/** `host:port` of a URL with the default port filled in; `ws` counts as `http`, `wss` as `https`. */
export function authorityOf(url: URL): string {
  return url.port === '' ? `${url.hostname}:${defaultPorts[url.protocol] ?? ''}` : url.host
}
