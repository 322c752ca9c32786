import { describe } from 'vitest'
import { openTransport } from '../../../src/socket/transport.web.ts'
import { behaviour } from './behaviour.ts'
import { nodeQuirks, reportedByNode, serverForFile } from './node-platform.ts'

describe("on Node's own class", () => {
  const inherited = ['close-overtakes-blobs', 'waits-for-tcp', 'current-target'] as const
  const { origin } = serverForFile()
  behaviour({ origin, transport: openTransport, quirks: nodeQuirks, inherited, reported: reportedByNode })
})
