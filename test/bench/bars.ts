import type { Bar, Section } from './section.ts'

export function holds({ measured, is = 'at most', bound }: Bar): boolean {
  // A figure that is not a number holds nothing.
  return is === 'at most' ? measured <= bound : measured >= bound
}

/** Every bar of every section, and whether it holds. */
export function barLines(sections: readonly Section[]): string[] {
  return sections.flatMap(({ name, bars }) =>
    bars.map((bar) => {
      const { what, measured, is = 'at most', bound, unit } = bar
      return `${holds(bar) ? 'holds' : 'OVER '}  ${name}: ${what}: ${figure(measured)} ${unit}, ${is} ${figure(bound)}`
    }),
  )
}

/** Three digits are what two runs may agree on. */
function figure(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(3)).toLocaleString('en') : String(value)
}
