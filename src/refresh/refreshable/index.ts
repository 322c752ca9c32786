export type { Fresh, GetOptions, Load, LoadContext, LookAgain, Plan, Reason } from './plan.ts'
export { Refreshable } from './refreshable.ts'
