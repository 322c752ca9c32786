import { type Control, frame } from './control.ts'
import { element } from './element.ts'
import { mostClientsHere, nameInWords } from './lab-scenario.ts'
import { boundsOf, type Numeric, readQuantity, writeQuantity } from './quantity.ts'
import { nearestStop, stopsOf } from './stops.ts'

export interface NumberControlOptions {
  /** What it is before anybody has touched it, and again when it is emptied. */
  readonly standard: number | undefined
  /** What it is now. */
  readonly initial: number | undefined
  readonly withSlider: boolean
  changed(): void
}

/** A number with its unit in a box, and a slider beside it that stops at round ones. */
export function numberControl(name: string, parameter: Numeric, options: NumberControlOptions): Control {
  const { standard, changed } = options
  let value = options.initial
  let derived: number | undefined
  let problem = value === undefined ? undefined : problemOf(name, parameter, value)
  const box = element('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'go' })
  const slider = element('input', { type: 'range', min: '0', step: '1', 'aria-label': `${nameInWords(name)}, slider` })
  const { element: around, complain } = frame(name, parameter.what, box, ...(options.withSlider ? [slider] : []))
  let stops: readonly number[] = []

  const write = () => {
    box.value = value === undefined ? '' : writeQuantity(parameter, value)
    box.placeholder = derived === undefined ? '' : roughly(parameter, derived)
  }
  const slide = () => {
    const now = value ?? derived ?? parameter.least
    stops = stopsOf(parameter, standard ?? derived ?? parameter.least)
    slider.max = String(stops.length - 1)
    slider.value = String(nearestStop(stops, now))
    slider.setAttribute('aria-valuetext', writeQuantity(parameter, now))
  }
  box.oninput = () => {
    const text = box.value.trim()
    const read = text === '' ? standard : readQuantity(parameter, text)
    problem = read === undefined ? undefined : problemOf(name, parameter, read)
    // While it is typed it may be wrong; it is said when it is left.
    if (problem === undefined) {
      value = read
      complain(undefined)
      slide()
    }
    changed()
  }
  box.onchange = () => {
    if (problem === undefined) write()
    else complain(problem)
  }
  slider.oninput = () => {
    value = stops[Number(slider.value)]
    problem = undefined
    complain(undefined)
    write()
    slide()
    changed()
  }
  write()
  slide()
  return {
    name,
    element: around,
    get value() {
      return value
    },
    get problem() {
      return problem
    },
    derive(worked) {
      derived = typeof worked === 'number' ? worked : undefined
      box.placeholder = derived === undefined ? '' : roughly(parameter, derived)
      slide()
    },
    complain,
    focus: () => box.focus(),
  }
}

/** What was worked out can be any number. */
function roughly(parameter: Numeric, value: number): string {
  return writeQuantity(parameter, Number(value.toPrecision(4)))
}

function problemOf(name: string, parameter: Numeric, value: number): string | undefined {
  const { kind, least, most } = parameter
  const fits = value >= least && value <= most && (kind !== 'count' || Number.isInteger(value))
  if (!fits) return `${nameInWords(name)} wants ${boundsOf(parameter)}.`
  if (name !== 'clients' || value <= mostClientsHere) return undefined
  const here = writeQuantity(parameter, mostClientsHere)
  return `A page has memory for ${here} clients; the command takes up to ${writeQuantity(parameter, most)}.`
}
