import type { Parameter } from 'breakwater/simulate'
import type { Value } from './lab-scenario.ts'
import type { Chosen } from './settings.ts'

/** The command that does the same; its own defaults are left out, which are not always those of the page. */
export function commandOf({ scenario, values, rival }: Chosen): string {
  const flags = Object.entries(values).flatMap(([name, value]) => {
    const parameter = scenario.parameters[name]
    return parameter === undefined || value === undefined || value === parameter.default
      ? []
      : [flagOf(name, parameter, value)]
  })
  const compare = rival === '' ? [] : [`--compare ${rival}`]
  return ['npx breakwater simulate', scenario.name, ...flags, ...compare].join(' ')
}

/** `outageMs` is written `--outage 30s`. */
function flagOf(name: string, { kind }: Parameter, value: Value): string {
  const flag = name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  if (kind === 'flag') return value === true ? `--${flag}` : `--no-${flag}`
  if (kind !== 'duration') return `--${flag} ${value}`
  return `--${flag} ${Number(value) % 1_000 === 0 ? `${Number(value) / 1_000}s` : `${value}ms`}`
}
