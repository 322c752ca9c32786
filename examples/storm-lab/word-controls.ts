import type { Parameter } from 'breakwater/simulate'
import { type Control, frame } from './control.ts'
import { element } from './element.ts'

type Choice = Extract<Parameter, { kind: 'choice' }>
type Flag = Extract<Parameter, { kind: 'flag' }>

/** One of a few words. */
export function choiceControl(name: string, parameter: Choice, initial: string, changed: () => void): Control {
  const options = parameter.choices.map((word) => element('option', { value: word, selected: word === initial }, word))
  const field = element('select', {}, ...options)
  const { element: around, complain } = frame(name, parameter.what, field)
  field.onchange = changed
  return {
    name,
    element: around,
    get value() {
      return field.value
    },
    problem: undefined,
    derive() {},
    complain,
    focus: () => field.focus(),
  }
}

/** Yes or no. */
export function flagControl(name: string, parameter: Flag, initial: boolean, changed: () => void): Control {
  const field = element('input', { type: 'checkbox', checked: initial })
  const { element: around, complain } = frame(name, parameter.what, field)
  around.classList.add('flag')
  field.onchange = changed
  return {
    name,
    element: around,
    get value() {
      return field.checked
    },
    problem: undefined,
    derive() {},
    complain,
    focus: () => field.focus(),
  }
}
