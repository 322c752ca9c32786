export { seededRandom } from '../core/random.ts'
export { type Clause, type ContractSubject, layerContract } from './contract.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { hang, type Script, type Step, script } from './script.ts'
