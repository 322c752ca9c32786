import { element } from './element.ts'
import { nameInWords, type Value } from './lab-scenario.ts'

/** What sets one parameter. */
export interface Control {
  readonly name: string
  readonly element: HTMLElement
  /** What is set; `undefined` is left to the scenario. While there is a problem it is what was set before. */
  readonly value: Value | undefined
  /** What is wrong with what was entered. */
  readonly problem: string | undefined
  /** Shows what the scenario works out where nothing is set. */
  derive(value: Value | undefined): void
  /** Shows that something is wrong with it, or no longer. */
  complain(problem: string | undefined): void
  focus(): void
}

/** The words around a control: its name, what it is, and beside it what is wrong. */
export interface Frame {
  readonly element: HTMLElement
  complain(problem: string | undefined): void
}

/** Puts a field under its label, and its explanation and its problem under the field. */
export function frame(name: string, what: string, field: HTMLElement, ...below: HTMLElement[]): Frame {
  field.id = `set-${name}`
  const label = element('label', { for: field.id }, nameInWords(name))
  const explanation = element('p', { class: 'what', id: `what-${name}` }, sentence(what))
  const complaint = element('p', { class: 'problem', id: `problem-${name}`, hidden: true })
  field.setAttribute('aria-describedby', `${explanation.id} ${complaint.id}`)
  const line = element('div', { class: 'line' }, label, field)
  return {
    element: element('div', { class: 'control' }, line, ...below, explanation, complaint),
    complain(problem) {
      complaint.textContent = problem ?? ''
      complaint.hidden = problem === undefined
      if (problem === undefined) field.removeAttribute('aria-invalid')
      else field.setAttribute('aria-invalid', 'true')
    },
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
