import { OptionsError } from '../../core/options.ts'
import { duration, flag } from '../../simulate/parameter.ts'
import { type FlagTable, readArguments } from '../arguments.ts'
import type { Terminal } from '../terminal.ts'
import { flagLines, hang } from '../usage.ts'
import { Allowance, mostRequests } from './allowance.ts'
import { type Diagnosis, diagnosisText } from './finding.ts'
import { lookAtApi } from './http.ts'
import { lookAtSocket, type SocketLook } from './socket.ts'
import { type Target, takeHeaders, targetOf } from './target.ts'

const flags = {
  header: {
    kind: 'text',
    what: 'a header for every request, for what only some may see; can be given more than once, and is never shown',
    as: `'NAME: VALUE'`,
  },
  origin: {
    kind: 'text',
    what: 'the origin of a page that calls it, for what browsers may read; without it, one that nobody can have',
    as: 'ORIGIN',
  },
  protocol: { kind: 'text', what: 'a subprotocol that a WebSocket server wants', as: 'NAME' },
  timeoutMs: duration('how long each request may take', 5_000, 50, 60_000),
  listenMs: duration('how long a WebSocket server may take to greet, or to refuse a message', 1_000, 10, 60_000),
  message: flag(
    'says something to a WebSocket server that it cannot know, to see with which code it refuses that; off, because a server might pass it on to others',
  ),
  json: flag('the findings as JSON on standard output, and nothing else there'),
  help: flag('this text'),
} as const satisfies FlagTable

/**
 * `breakwater doctor`: looks at an API or a WebSocket server with a handful of requests, and says what a fleet of clients
 * would suffer from. Gives 1 if that is something, 0 if not.
 *
 * @throws OptionsError for arguments that cannot be used; it quotes neither URL nor headers
 */
export async function doctor(args: readonly string[], terminal: Terminal): Promise<number> {
  const { headers, rest } = takeHeaders(args)
  const { values, positionals } = readArguments(rest, flags)
  if (values.help === true) {
    terminal.write(help(terminal.columns))
    return 0
  }
  const [url, ...others] = positionals
  if (url === undefined || others.length > 0) throw new OptionsError('url', 'doctor wants one URL')
  const target = targetOf(url, headers, values.origin, values.protocol)
  terminal.status(`asking ${target.shown} …`)
  const { timeoutMs = flags.timeoutMs.default, listenMs = flags.listenMs.default, message = false } = values
  const diagnosis = await diagnose(target, timeoutMs, { listenMs, message }, terminal.signal)
  terminal.status('')
  terminal.write(values.json === true ? `${JSON.stringify(diagnosis)}\n` : diagnosisText(diagnosis, terminal))
  return diagnosis.findings.some(({ level }) => level === 'problem') ? 1 : 0
}

async function diagnose(target: Target, timeoutMs: number, look: SocketLook, signal: AbortSignal): Promise<Diagnosis> {
  const allowance = new Allowance(timeoutMs, signal)
  const from = allowance.clock.now()
  const begin = () => (target.isSocket ? lookAtSocket(target, allowance, look) : lookAtApi(target, allowance))
  const findings = signal.aborted ? [] : await begin()
  return {
    target: target.shown,
    requests: allowance.used,
    tookMs: Math.round(allowance.clock.now() - from),
    partial: signal.aborted,
    findings,
  }
}

function help(columns: number): string {
  const what = `Looks at an API (http, https) or a WebSocket server (ws, wss) with at most ${mostRequests} requests, and says what a fleet of clients would suffer from. It changes nothing there: it reads, connects and leaves.`
  return [
    'Usage: breakwater doctor <url> [flags]',
    hang('', what, columns),
    flagLines(flags, columns),
    'Exit codes: 0 nothing to suffer from, 1 problems, 2 it was called wrongly.\n',
  ].join('\n\n')
}
