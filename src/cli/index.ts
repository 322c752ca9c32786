#!/usr/bin/env node
import { main } from './main.ts'
import { isChild, rerunWith } from './rerun.ts'
import { endings, processTerminal } from './terminal.ts'

const stop = new AbortController()
let interrupted: number | undefined

for (const [name, code] of Object.entries(endings)) {
  const end = () => {
    interrupted ??= code
    stop.abort()
  }
  // Asked once it ends with what there is; asked again the system ends it, as if nobody listened. The child of another
  // process of ours hears it from that one.
  if (isChild) process.on(name, () => {})
  else process.once(name, end)
}
if (isChild) {
  process.on('message', () => stop.abort())
  process.on('disconnect', () => process.exit(1))
  // Who only listens for orders does not stay for them.
  process.channel?.unref()
}

// A reader that has seen enough, as `head` has, is no mistake of anybody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    stop.abort()
  })
}

const terminal = processTerminal(stop.signal)
try {
  const code = await main(process.argv.slice(2), terminal, rerunWith(terminal))
  process.exitCode = interrupted ?? code
} catch (error) {
  // The system's own errors say what is wrong; of all others the place is what one needs to know.
  const { message, stack, syscall } = error as NodeJS.ErrnoException
  terminal.note(`breakwater: ${syscall === undefined ? stack : message}`)
  process.exitCode = interrupted ?? 1
}
