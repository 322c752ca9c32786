export { type Plan, type PlanOptions, type PlanProgress, plan } from './plan.ts'
export { type PlanRequest, planDefaults } from './request.ts'
export type { Candidate } from './trial.ts'
