import { type Call, groups } from './contenders/index.ts'

export async function contenderOf(group: string, name: string): Promise<Call> {
  const make = groups[group as keyof typeof groups]?.[name]
  if (make === undefined) throw new Error(`no contender '${name}' in '${group}'`)
  return make()
}
