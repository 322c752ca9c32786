import { describe } from 'vitest'
import { behaviour } from './behaviour.ts'
import { nodeQuirks, reportedByNode, serverForFile } from './node-platform.ts'

describe('on ws, in Node', () => {
  const { origin } = serverForFile()
  behaviour({ origin, quirks: nodeQuirks, inherited: ['current-target'], reported: reportedByNode })
})
