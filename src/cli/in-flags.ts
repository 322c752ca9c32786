import { OptionsError } from '../core/options.ts'
import { flagName } from './arguments.ts'

/** What the library refuses is told of the flag: nobody wrote `reconnect.outageMs` here. */
export async function inFlags(owner: string, act: () => Promise<number>): Promise<number> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof OptionsError && error.option.startsWith(`${owner}.`))) throw error
    const flag = `--${flagName(error.option.slice(owner.length + 1))}`
    throw new OptionsError(flag, error.message.replace(error.option, flag))
  }
}
