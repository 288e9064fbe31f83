import { openSender, SenderError, type HepSender } from '../trace/sender.ts'
import { formatTarget, parseTarget } from '../trace/target.ts'
import { parseOptions, parsePositive, parseWhole, UsageError } from './arguments.ts'
import { loadReplayFile, ReplayFileError } from './replay-file.ts'
import { replay, type ReplayOptions, type ReplayResult } from './replay-run.ts'

const DEFAULT_AGENT_ID = 2001
/**
 * A receive buffer of the usual size holds some 160 packets of SIP. Measured on two busy cores, 130,000 packets to
 * another process: without a pause 0.7 to 1.2 % were lost, with it 0 to 0.4 %.
 */
const BURST_PAUSE_MS = 1

const HELP = `Usage: hepscope replay FILE --to URL [options]

Sends a recording as HEP. FILE is pcap or pcapng, of SIP (packed into HEPv3) or of
HEP (sent as it is), or the bytes of a HEP stream; each may be gzipped. What a
payload is, is told by its bytes, not by its port; everything else is counted.

  --to URL         udp://HOST:PORT or tcp://HOST:PORT, also hep_udp:HOST:PORT and
                   hep_tcp:HOST:PORT; IPv6 in brackets: udp://[::1]:9060
  --speed X        X times the recorded pace (default 1)
  --asap           do not wait; over UDP only a millisecond after each 32 packets, so
                   that the receiver can follow (TCP is faster and loses nothing)
  --now            move all times so that the recording starts now (not in HEPv1,
                   which has none)
  --loop N         send the recording N times (default 1)
  --agent-id N     capture agent id of packed SIP (default ${DEFAULT_AGENT_ID})
  --help           this text

Ctrl-C ends it and prints the counts. Exit code 0 if all was sent, 1 if not,
2 if the command line is wrong.
`

interface ReplayArguments extends ReplayOptions {
  readonly path: string
  readonly to: string
}

/** The command `hepscope replay`. */
export const replayCommand = {
  help: HELP,
  run,
} as const

/** @returns the exit code */
async function run(args: string[]): Promise<number> {
  let parsed: ReplayArguments | undefined
  try {
    parsed = parseArguments(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`hepscope replay: ${error.message}\nSee hepscope replay --help\n`)
    return 2
  }
  if (parsed === undefined) {
    process.stdout.write(HELP)
    return 0
  }
  try {
    return await replayTo(parsed)
  } catch (error) {
    if (!(error instanceof ReplayFileError) && !(error instanceof SenderError)) throw error
    process.stderr.write(`hepscope replay: ${error.message}\n`)
    return 1
  }
}

async function replayTo(options: ReplayArguments): Promise<number> {
  const file = await loadReplayFile(options.path)
  const sender = await openSender(options.to, { burstPauseMs: BURST_PAUSE_MS })
  const interrupt = new AbortController()
  const onSignal = () => {
    interrupt.abort()
    // A receiver that has stopped reading would hold us for ever; closing waits for it only so long.
    void sender.close()
  }
  process.once('SIGINT', onSignal)
  try {
    const result = await replay(file, sender, options, interrupt.signal)
    await sender.close()
    if (result.lost !== undefined) process.stderr.write(`hepscope replay: ${result.lost.message}\n`)
    process.stdout.write(`${formatResult(result, sender)}\n`)
    const { failedCount, droppedCount } = sender.counters
    return result.lost !== undefined || failedCount + droppedCount > 0 ? 1 : 0
  } finally {
    process.off('SIGINT', onSignal)
    await sender.close()
  }
}

function parseArguments(args: string[]): ReplayArguments | undefined {
  const { values, positionals } = parseOptions({
    args,
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      speed: { type: 'string' },
      asap: { type: 'boolean' },
      now: { type: 'boolean' },
      loop: { type: 'string' },
      'agent-id': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help === true) return undefined
  const [path] = positionals
  if (path === undefined || positionals.length > 1) throw new UsageError('name one FILE to replay')
  if (values.to === undefined) throw new UsageError('name the receiver with --to URL')
  const target = parseTarget(values.to)
  if (!target.ok) throw new UsageError(`--to ${target.reason}`)
  if (values.asap === true && values.speed !== undefined) throw new UsageError('--speed and --asap exclude each other')
  return {
    path,
    to: values.to,
    speed: values.asap === true ? undefined : parsePositive('--speed', values.speed ?? '1'),
    startsNow: values.now === true,
    loopCount: parseWhole('--loop', values.loop ?? '1', 1, Number.MAX_SAFE_INTEGER),
    agentId: parseWhole('--agent-id', values['agent-id'] ?? String(DEFAULT_AGENT_ID), 0, 0xffff_ffff),
  }
}

function formatResult(result: ReplayResult, sender: HepSender): string {
  const { sentCount, failedCount, droppedCount } = sender.counters
  const parts = [
    `${result.isInterrupted ? 'interrupted, ' : ''}sent ${sentCount} messages to ${formatTarget(sender.target)} ` +
      `in ${(result.durationMs / 1000).toFixed(2)} s`,
  ]
  const unsent = failedCount + droppedCount
  if (unsent > 0) parts.push(`not sent ${unsent}${sender.fault ? ` (${sender.fault.message})` : ''}`)
  const skippedCount = [...result.skipped.values()].reduce((sum, count) => sum + count, 0)
  const reasons = [...result.skipped].map(([reason, count]) => `${reason} ${count}`)
  parts.push(`skipped ${skippedCount}${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`)
  return parts.join('; ')
}
