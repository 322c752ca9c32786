import type { DialRequest, OpenTransport, Transport, TransportListener } from '../../src/socket/transport.ts'

/** A dial that a test answers by hand. */
export interface AnsweredDial {
  readonly request: DialRequest
  readonly listener: TransportListener
}

/** A transport that only notes who dials, and answers a close. */
export function answeredDials(): { readonly dials: AnsweredDial[]; readonly transport: OpenTransport } {
  const dials: AnsweredDial[] = []
  const open = (request: DialRequest, listener: TransportListener): Transport => {
    dials.push({ request, listener })
    return {
      bufferedAmount: 0,
      protocol: '',
      extensions: '',
      binaryType: 'blob',
      send: () => {},
      ping: () => {},
      close: (code = 1005, reason = '') => queueMicrotask(() => listener.closed(code, reason, true, { failed: false })),
      terminate: () => {},
    }
  }
  return { dials, transport: Object.assign(open, { seesTransport: true, platformEvents: false }) }
}
