export { exclusively } from './exclusively.ts'
export type { ExclusiveNeeds } from './session.ts'
export { shareValue } from './share-value.ts'
export { type ShareNeeds, together } from './together.ts'
