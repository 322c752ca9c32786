export type { Fresh, Load, LoadContext, LookAgain, Plan } from './plan.ts'
export { Refreshable } from './refreshable.ts'
