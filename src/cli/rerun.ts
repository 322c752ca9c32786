import { fork } from 'node:child_process'
import { constants } from 'node:os'
import { fits, type Rerun } from './heap.ts'
import { endings, type Terminal } from './terminal.ts'

/** Tells a process that it is the one with the larger heap. */
const mark = 'BREAKWATER_LARGE_HEAP'

/** V8 collects harder and harder as a heap gets full, long before it gives up. */
const slack = 1.25

/** Room for what is new: at 100,000 sockets a run takes 15 % less time with it than with Node's own 16. */
const youngMegabytes = 64

export const isChild = process.env[mark] === '1' && process.connected

/** Runs this very command again with a larger heap where it needs one. */
export function rerunWith(terminal: Terminal): Rerun {
  return {
    isChild,
    wanted: (heapBytes) => !isChild && !fits(heapBytes),
    start: (heapBytes) => start(Math.ceil((heapBytes * slack) / 2 ** 20), terminal),
  }
}

/**
 * The child is asked to end by a message, and only by that: Ctrl-C in a terminal reaches both, a `kill` only us, and
 * either way it must count as once.
 */
function start(megabytes: number, { signal, note }: Terminal): Promise<number> {
  const [, script = '', ...args] = process.argv
  const child = fork(script, args, {
    execArgv: [...process.execArgv, `--max-old-space-size=${megabytes}`, `--max-semi-space-size=${youngMegabytes}`],
    env: { ...process.env, [mark]: '1' },
    stdio: 'inherit',
  })
  const stop = () => {
    child.send('stop')
    for (const name of Object.keys(endings) as (keyof typeof endings)[]) {
      process.once(name, () => {
        child.kill('SIGKILL')
        process.kill(process.pid, name)
      })
    }
  }
  // Asked before there was a child to hear it.
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', stop)
      if (killedBy)
        note(
          `The run was ended by ${killedBy}${killedBy === 'SIGINT' ? '' : '; most likely the memory did not suffice'}.`,
        )
      resolve(code ?? 128 + constants.signals[killedBy ?? 'SIGKILL'])
    })
  })
}
