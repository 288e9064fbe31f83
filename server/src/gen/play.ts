import { sendLive } from './live.ts'
import { simulateCalls } from './simulator.ts'

/** Shortens ringing and talking so that each call is over within half a minute or little more. */
const SAMPLE_DURATION_SCALE = 0.15

export interface SampleOptions {
  /** Takes one HEPv3 packet. */
  readonly send: (bytes: Uint8Array) => void
  readonly calls: number
  readonly callsPerSec: number
  readonly seed: number
  /** Ends the sample early. */
  readonly signal?: AbortSignal
}

export interface SampleSummary {
  /** Calls that were played to their end. */
  readonly callCount: number
  readonly packetCount: number
  readonly isAborted: boolean
}

/**
 * Play calls in real time, e.g. into one's own listener. The last call is over at most 63 seconds after it began,
 * most of them after 10.
 *
 * @returns when the last packet was sent or the signal came
 * @throws what `send` throws
 */
export async function playSampleCalls(options: SampleOptions): Promise<SampleSummary> {
  const { send, calls, callsPerSec, seed, signal } = options
  const startUs = Date.now() * 1000
  let callCount = 0
  const packets = simulateCalls({
    seed,
    calls,
    callsPerSec,
    startUs,
    durationScale: SAMPLE_DURATION_SCALE,
    onCallEnd: () => callCount++,
  })
  const packetCount = await sendLive(packets, { startUs, speed: 1, send, signal })
  return { callCount, packetCount, isAborted: signal?.aborted === true }
}
