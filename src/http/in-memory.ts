type Body = NonNullable<RequestInit['body']>

/** How many bytes a body that is no stream will be; FormData a little more, for what stands between its fields. */
export function sizeOf(body: Body): number {
  // A number or a boolean is sent as its text.
  if (typeof body !== 'object') return textBytes(String(body))
  const kind = kindOf(body)
  if (kind === 'URLSearchParams') return textBytes(body.toString())
  if (kind === 'FormData') {
    let bytes = 0
    for (const [name, value] of body as FormData) {
      bytes += textBytes(name) + (typeof value === 'string' ? textBytes(value) : value.size)
    }
    return bytes
  }
  if ('byteLength' in body) return body.byteLength
  return 'size' in body ? (body as Blob).size : 0
}

/** The same body, which its owner can no longer change. */
export function copyOf(body: Body): Body {
  if (typeof body !== 'object') return body
  const kind = kindOf(body)
  if (kind === 'URLSearchParams') return new URLSearchParams(body as URLSearchParams)
  if (kind === 'ArrayBuffer') return (body as ArrayBuffer).slice(0)
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice()
  if (kind !== 'FormData') return body
  const copy = new FormData()
  for (const [name, value] of body as FormData) copy.append(name, value)
  return copy
}

/** The same headers, which their owner can no longer change, and which can be read more than once. */
export function copyOfHeaders(headers: HeadersInit): HeadersInit {
  if (!(Symbol.iterator in headers)) return { ...headers }
  return Array.from(headers as Iterable<[string, string]>, ([name, value]): [string, string] => [name, value])
}

/** By tag, not by `instanceof`: polyfills and other realms have classes of their own. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

function textBytes(text: string): number {
  return new TextEncoder().encode(text).byteLength
}
