export { exclusively } from './exclusively.ts'
export { shareValue } from './share-value.ts'
export { type ShareNeeds, together } from './together.ts'
