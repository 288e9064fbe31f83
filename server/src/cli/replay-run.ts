import { setTimeout as sleep } from 'node:timers/promises'
import { hepTimeUs, RecordingCounts } from '@hepscope/shared/pcap/recording.ts'
import { SenderError, type HepSender } from '../trace/sender.ts'
import { readReplay, type ReplayFile } from './replay-file.ts'
import { shiftHepTime } from './shift-time.ts'

/** The longest delay that a timer takes. */
const MAX_SLEEP_MS = 2 ** 31 - 1

export interface ReplayOptions {
  /** 1 keeps the recorded pace, 10 is ten times faster, `undefined` waits for nothing. */
  readonly speed: number | undefined
  /** How often the recording is sent, at least once. */
  readonly loopCount: number
  /** Capture agent id of SIP that is packed into HEP. */
  readonly agentId: number
  /** Move all times so that each pass begins now. */
  readonly startsNow: boolean
}

export interface ReplayResult {
  /** Payloads and frames passed over in all passes, by reason. */
  readonly skipped: ReadonlyMap<string, number>
  readonly durationMs: number
  readonly isInterrupted: boolean
  /** Why the rest was not sent: a TCP target that went away. */
  readonly lost: SenderError | undefined
}

/**
 * Send a recording.
 *
 * @param signal ends it after the packet that is being sent
 */
export async function replay(
  file: ReplayFile,
  sender: HepSender,
  options: ReplayOptions,
  signal: AbortSignal,
): Promise<ReplayResult> {
  const startedMs = performance.now()
  const counts = new RecordingCounts()
  let lost: SenderError | undefined
  try {
    for (let pass = 0; pass < options.loopCount && !signal.aborted; pass++) {
      const isEmpty = await replayOnce(file, sender, options, counts, signal)
      // Nothing would ever be sent, and nothing would ever wait.
      if (isEmpty) break
    }
  } catch (error) {
    if (!(error instanceof SenderError)) throw error
    lost = error
  }
  const durationMs = performance.now() - startedMs
  return { skipped: counts.skipped, durationMs, isInterrupted: signal.aborted, lost }
}

/** Returns true if the recording holds no packet. */
async function replayOnce(
  file: ReplayFile,
  sender: HepSender,
  options: ReplayOptions,
  counts: RecordingCounts,
  signal: AbortSignal,
): Promise<boolean> {
  const pace = new Pace(options.speed)
  let shiftUs: number | undefined
  let isEmpty = true
  for (const packet of readReplay(file, options.agentId, counts)) {
    isEmpty = false
    const delayMs = pace.delayMs(packet.tsUs)
    if (delayMs > 0) await pause(delayMs, signal)
    if (signal.aborted) break
    let { bytes } = packet
    if (options.startsNow) {
      shiftUs ??= shiftToNow(bytes)
      if (shiftUs !== undefined) bytes = shiftHepTime(bytes, shiftUs)
    }
    if (!sender.send(bytes)) await sender.drained()
  }
  return isEmpty
}

function shiftToNow(packet: Uint8Array): number | undefined {
  const tsUs = hepTimeUs(packet)
  return tsUs === undefined ? undefined : Date.now() * 1000 - tsUs
}

/** Says how long to wait so that packets leave as far apart as they were recorded. */
class Pace {
  readonly #speed: number | undefined
  #first: { readonly tsUs: number; readonly atMs: number } | undefined

  constructor(speed: number | undefined) {
    this.#speed = speed
  }

  /** 0 for a packet that is due, has no time, or is older than one before it. */
  delayMs(tsUs: number | undefined): number {
    if (this.#speed === undefined || tsUs === undefined) return 0
    const nowMs = performance.now()
    this.#first ??= { tsUs, atMs: nowMs }
    const dueMs = this.#first.atMs + (tsUs - this.#first.tsUs) / 1000 / this.#speed
    // Timers count whole milliseconds; what is due within one is due.
    return dueMs - nowMs < 1 ? 0 : dueMs - nowMs
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  let restMs = delayMs
  try {
    while (restMs > 0) {
      const stepMs = Math.min(restMs, MAX_SLEEP_MS)
      await sleep(stepMs, undefined, { signal })
      restMs -= stepMs
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
