import { OptionsError, type Parameter } from 'breakwater/simulate'
import type { Control } from './control.ts'
import { byId, element } from './element.ts'
import { type LabScenario, labScenarios, nameInWords, standardOf, type Value, type Values } from './lab-scenario.ts'
import { numberControl } from './number-control.ts'
import { choiceControl, flagControl } from './word-controls.ts'

/** What somebody has chosen. */
export interface Chosen {
  readonly scenario: LabScenario
  /** Only what is not as the page has it by itself. */
  readonly changed: Values
  /** Everything; `undefined` is left to the scenario. */
  readonly values: Values
  /** A rival's name, or an empty text. */
  readonly rival: string
}

/** Parameters come in the order of their weight: so many are in sight at once. */
const inSight = 6

/** The form: a scenario, a rival, and a control for each parameter that the scenario has. */
export class Settings {
  readonly #scenario = byId<HTMLSelectElement>('scenario')
  readonly #rival = byId<HTMLSelectElement>('rival')
  readonly #more = byId<HTMLDetailsElement>('more')
  readonly #changed: () => void
  #controls: readonly Control[] = []
  #refused: Control | undefined

  constructor(changed: () => void) {
    this.#changed = changed
    this.#scenario.append(...labScenarios.map(({ name, title }) => element('option', { value: name }, title)))
    this.#scenario.onchange = () => this.show(this.#scenario.value)
    this.#rival.onchange = changed
  }

  /** Shows a scenario with what is set of it. */
  show(name: string, given: Values = {}, rival?: string): void {
    const scenario = labScenarios.find((known) => known.name === name) ?? (labScenarios[0] as LabScenario)
    const { rivals, parameters } = scenario
    this.#scenario.value = scenario.name
    byId('scenario-what').textContent = scenario.what
    const nobody = element('option', { value: '' }, rivals.length === 0 ? 'nobody: it has no rivals' : 'nobody')
    this.#rival.replaceChildren(nobody, ...rivals.map(({ name, label }) => element('option', { value: name }, label)))
    this.#rival.value = rivals.some(({ name }) => name === rival) || rival === '' ? rival! : (rivals[0]?.name ?? '')
    const standard = standardOf(scenario)
    this.#controls = Object.entries(parameters).map(([name, parameter], index) =>
      this.#control(name, parameter, standard[name], given[name] ?? standard[name], index < inSight),
    )
    byId('controls').replaceChildren(...this.#controls.slice(0, inSight).map((control) => control.element))
    byId('more-controls').replaceChildren(...this.#controls.slice(inSight).map((control) => control.element))
    this.#more.hidden = this.#controls.length <= inSight
    this.#touched()
  }

  get chosen(): Chosen {
    const scenario = labScenarios.find(({ name }) => name === this.#scenario.value) as LabScenario
    const standard = standardOf(scenario)
    const values = this.#values
    const changed = Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== standard[name]))
    return { scenario, changed, values, rival: this.#rival.value }
  }

  /** Shows what is wrong beside it and takes the focus there; whether there was anything. */
  complain(): boolean {
    const wrong = this.#controls.filter(({ problem }) => problem !== undefined)
    for (const control of wrong) control.complain(control.problem)
    const first = wrong[0] ?? this.#refused
    this.#reveal(first)
    return first !== undefined
  }

  /** Shows what `simulate` refused beside its control; whether there is one for it. */
  refuse(refusal: { readonly option: string; readonly message: string }): boolean {
    this.#show(refusal)
    this.#reveal(this.#refused)
    return this.#refused !== undefined
  }

  get #values(): Values {
    return Object.fromEntries(this.#controls.map(({ name, value }) => [name, value]))
  }

  #control(name: string, parameter: Parameter, standard: Value | undefined, now: Value | undefined, weighty: boolean) {
    const changed = () => this.#touched()
    if (parameter.kind === 'choice') return choiceControl(name, parameter, String(now), changed)
    if (parameter.kind === 'flag') return flagControl(name, parameter, now === true, changed)
    return numberControl(name, parameter, {
      standard: standard as number | undefined,
      initial: now as number | undefined,
      withSlider: weighty,
      changed,
    })
  }

  /** Something was set: what hangs on it is worked out anew, and what is refused only together is looked at again. */
  #touched(): void {
    this.#refused?.complain(undefined)
    this.#refused = undefined
    const { scenario, values } = this.chosen
    try {
      const complete = scenario.complete(values)
      for (const { name, derive } of this.#controls) derive(values[name] === undefined ? complete[name] : undefined)
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error
      this.#show(error)
    }
    this.#changed()
  }

  #show({ option, message }: { readonly option: string; readonly message: string }): void {
    this.#refused = this.#controls.find(({ name }) => option.endsWith(`.${name}`))
    this.#refused?.complain(`${message.replace(option, nameInWords(this.#refused.name))}.`)
  }

  #reveal(control: Control | undefined): void {
    if (control === undefined) return
    if (this.#more.contains(control.element)) this.#more.open = true
    control.focus()
    control.element.scrollIntoView({ block: 'nearest' })
  }
}
