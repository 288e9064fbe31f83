import type { Scenario } from '../gen/scenario.ts'
import { SCENARIOS, findScenarios } from '../gen/scenarios/all.ts'
import { SenderError } from '../trace/sender.ts'
import { parseOptions, parsePositive, parseWhole, UsageError } from './arguments.ts'
import { genCalls, genLoad, LedgerError, type CallsRun, type LoadRun } from './gen-run.ts'

const HELP = `Usage: hepscope gen --to URL [options]

Sends simulated SIP calls as HEPv3, with RTCP reports and log lines on some of
them: realistic messages of both hops of a proxy, the same for the same seed.

  --to URL             udp://HOST:PORT or tcp://HOST:PORT, also hep_udp:HOST:PORT
                       and hep_tcp:HOST:PORT; IPv6 in brackets: udp://[::1]:9060
  --seed S             whole number (default 1)
  --scenario A[,B]     only these scenarios (default all, in their usual mix)
  --list-scenarios     print the scenarios and end
  --help               this text

Calls in real time, their messages carrying the time at which they are sent:
  --calls N            number of calls (default 20)
  --cps R              calls per second (default 2)
  --duration-scale X   factor on ringing and talk times (default 1)
  --speed X            X times as fast (default 1)
  --asap               do not wait; the calls then lie in the past
  --start TIME         time of the first call, ISO 8601 or seconds since 1970; the
                       same seed and start give the same bytes
  --ledger FILE        write one JSON line for each finished call: Call-ID,
                       scenario, expected final state, message counts

Load at a constant rate, with a new Call-ID for each repetition of a call:
  --rate PPS           packets per second
  --seconds S          for so long (default 10)

Ctrl-C ends it and prints the counts. Exit code 0 if all was sent, 1 if not,
2 if the command line is wrong.
`

const CALLS_ONLY = ['calls', 'cps', 'duration-scale', 'speed', 'asap', 'start', 'ledger'] as const

type GenRequest =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  | ({ readonly kind: 'calls' } & CallsRun)
  | ({ readonly kind: 'load' } & LoadRun)

/** The command `hepscope gen`. */
export const genCommand = {
  help: HELP,
  run,
} as const

/** @returns the exit code */
async function run(args: string[]): Promise<number> {
  try {
    const request = parseArguments(args)
    switch (request.kind) {
      case 'help':
        process.stdout.write(HELP)
        return 0
      case 'list':
        process.stdout.write(scenarioList())
        return 0
      case 'calls':
        return await untilInterrupted((signal) => genCalls(request, signal))
      case 'load':
        return await untilInterrupted((signal) => genLoad(request, signal))
    }
  } catch (error) {
    const isUsage = error instanceof UsageError || (error instanceof SenderError && error.code === 'ERR_TARGET_INVALID')
    if (!isUsage && !(error instanceof SenderError) && !(error instanceof LedgerError)) throw error
    const hint = isUsage ? '\nSee hepscope gen --help' : ''
    process.stderr.write(`hepscope gen: ${error.message}${hint}\n`)
    return isUsage ? 2 : 1
  }
}

async function untilInterrupted(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const interrupt = new AbortController()
  const onSignal = () => interrupt.abort()
  process.once('SIGINT', onSignal)
  try {
    return await work(interrupt.signal)
  } finally {
    process.off('SIGINT', onSignal)
  }
}

function parseArguments(args: string[]): GenRequest {
  const { values } = parseOptions({
    args,
    options: {
      to: { type: 'string' },
      seed: { type: 'string' },
      scenario: { type: 'string' },
      'list-scenarios': { type: 'boolean' },
      calls: { type: 'string' },
      cps: { type: 'string' },
      'duration-scale': { type: 'string' },
      speed: { type: 'string' },
      asap: { type: 'boolean' },
      start: { type: 'string' },
      ledger: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) return { kind: 'help' }
  if (values['list-scenarios'] === true) return { kind: 'list' }
  if (values.to === undefined) throw new UsageError('name the receiver with --to URL')
  const common = {
    to: values.to,
    seed: parseWhole('--seed', values.seed ?? '1', 0, Number.MAX_SAFE_INTEGER),
    scenarios: parseScenarios(values.scenario),
  }
  if (values.rate !== undefined) {
    const other = CALLS_ONLY.find((name) => values[name] !== undefined)
    if (other !== undefined) throw new UsageError(`--rate and --${other} exclude each other`)
    const packetsPerSec = parsePositive('--rate', values.rate)
    return { kind: 'load', ...common, packetsPerSec, seconds: parsePositive('--seconds', values.seconds ?? '10') }
  }
  if (values.seconds !== undefined) throw new UsageError('--seconds needs --rate')
  if (values.asap === true && values.speed !== undefined) throw new UsageError('--speed and --asap exclude each other')
  return {
    kind: 'calls',
    ...common,
    calls: parseWhole('--calls', values.calls ?? '20', 1, Number.MAX_SAFE_INTEGER),
    callsPerSec: parsePositive('--cps', values.cps ?? '2'),
    durationScale: parsePositive('--duration-scale', values['duration-scale'] ?? '1'),
    speed: values.asap === true ? undefined : parsePositive('--speed', values.speed ?? '1'),
    startUs: values.start === undefined ? undefined : parseTime(values.start),
    ledgerPath: values.ledger,
  }
}

function parseScenarios(names: string | undefined): readonly Scenario[] {
  if (names === undefined) return SCENARIOS
  const found = findScenarios(names.split(',').map((name) => name.trim()))
  if (found.ok) return found.scenarios
  throw new UsageError(`no scenario "${found.unknown.join('", "')}"; --list-scenarios prints them`)
}

function parseTime(text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  // HEP's seconds are 32 bits wide.
  if (!(ms >= 0 && ms < 2 ** 32 * 1000))
    throw new UsageError(`--start ${text} is neither ISO 8601 nor seconds since 1970`)
  return Math.round(ms * 1000)
}

function scenarioList(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length))
  const stateWidth = Math.max(...SCENARIOS.map(({ expected }) => expected.length))
  const total = SCENARIOS.reduce((sum, { weight }) => sum + weight, 0)
  const lines = SCENARIOS.map(({ name, weight, expected, summary }) => {
    const share = `${((100 * weight) / total).toFixed(1)}%`.padStart(5)
    return `${name.padEnd(width)}  ${share}  ${expected.padEnd(stateWidth)}  ${summary}\n`
  })
  return lines.join('')
}
