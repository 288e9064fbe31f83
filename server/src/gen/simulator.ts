import type { CallState } from '@hepscope/shared/call/state.ts'
import { PROTOCOL_TYPE } from '@hepscope/shared/hep/chunks.ts'
import { Call, type CallSettings, type Flow } from './call.ts'
import { FlowHeap } from './flow-heap.ts'
import { Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios/all.ts'

/** Calls that may run at once; what is beyond starts later. Bounds the memory of a simulation. */
const MAX_RUNNING_CALLS = 10_000

/** No call takes longer than this: seconds of protocol timers, and seconds of people, to be scaled. */
const LONGEST_CALL_SEC = { protocol: 40, people: 150 }

export interface SimulationOptions {
  /** A whole number of up to 53 bits. */
  readonly seed: number
  readonly calls: number
  readonly callsPerSec: number
  /** Time of the first call, whole microseconds since 1970. */
  readonly startUs: number
  /** Default: all, in their usual mix. */
  readonly scenarios?: readonly Scenario[]
  /** Factor on ringing and talk times; default 1. */
  readonly durationScale?: number
  /** Share of calls with RTCP reports; default 0.3. */
  readonly rtcpShare?: number
  /** Share of calls with log lines; default 0.05. */
  readonly logShare?: number
  /** Text put into each Call-ID; default none. */
  readonly callIdMark?: string
  /** Told about each call after its last packet. */
  readonly onCallEnd?: (record: CallRecord) => void
}

/** What was simulated in one call. */
export interface CallRecord {
  /** Of the first leg. */
  readonly callId: string
  /** Call-IDs of the further legs. */
  readonly otherCallIds: readonly string[]
  readonly scenario: string
  readonly expectedState: CallState
  /** SIP messages of all legs; each hop counts. */
  readonly messageCount: number
  readonly rtcpCount: number
  readonly logCount: number
}

/**
 * Packets of many simulated calls, merged in time order. The same options give the same packets, byte for byte.
 * Calls start evenly at `callsPerSec`, each a little off by chance; at most 10,000 run at a time.
 *
 * @throws RangeError if `callsPerSec` is not above zero
 */
export function* simulateCalls(options: SimulationOptions): Flow {
  const { calls, callsPerSec, startUs } = options
  if (!(callsPerSec > 0)) throw new RangeError(`callsPerSec is ${callsPerSec}, has to be above 0`)
  const running = new FlowHeap()
  let nowUs = startUs
  for (let index = 0; index < calls;) {
    const dueUs = startUs + Math.floor((index / callsPerSec) * 1_000_000)
    const next = running.nextTimeUs ?? Infinity
    if (dueUs <= next && running.size < MAX_RUNNING_CALLS) {
      running.add(runCall(options, index, Math.max(dueUs, nowUs)))
      index++
    } else {
      nowUs = next
      yield* running.takeOne()
    }
  }
  while (running.size > 0) yield* running.takeOne()
}

/** One call from its index alone, so that it is the same whatever else runs. */
function* runCall(options: SimulationOptions, index: number, dueUs: number): Flow {
  const random = new Random(options.seed, index)
  const scenario = random.pickWeighted(options.scenarios ?? SCENARIOS)
  const settings: CallSettings = {
    startUs: dueUs + random.int(0, Math.floor(900_000 / options.callsPerSec)),
    durationScale: options.durationScale ?? 1,
    rtcpShare: options.rtcpShare ?? 0.3,
    logShare: options.logShare ?? 0.05,
    callIdMark: options.callIdMark ?? '',
  }
  const call = new Call(random, scenario.casting, settings)
  const counts = new Map<number, number>()
  for (const packet of scenario.play(call)) {
    counts.set(packet.protocolType, (counts.get(packet.protocolType) ?? 0) + 1)
    yield packet
  }
  options.onCallEnd?.({
    callId: call.leg.callId,
    otherCallIds: call.otherCallIds,
    scenario: scenario.name,
    expectedState: scenario.expected,
    messageCount: counts.get(PROTOCOL_TYPE.sip) ?? 0,
    rtcpCount: counts.get(PROTOCOL_TYPE.rtcpJson) ?? 0,
    logCount: counts.get(PROTOCOL_TYPE.log) ?? 0,
  })
}

/**
 * Upper bound of the time from the first call's start to the last packet, in seconds; holds unless so many calls
 * run at once that some have to wait.
 */
export function longestSimulationSec(
  options: Pick<SimulationOptions, 'calls' | 'callsPerSec' | 'durationScale'>,
): number {
  const { protocol, people } = LONGEST_CALL_SEC
  return options.calls / options.callsPerSec + protocol + people * (options.durationScale ?? 1)
}
