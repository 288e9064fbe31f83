import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadPool } from '../gen/load-pool.ts'
import type { HepSender } from '../trace/sender.ts'

const BATCH_MS = 1
/** Whoever falls behind catches up at no more than so many times the rate: a burst would be another load. */
const CATCH_UP = 1.5
/** Longest pause that a batch makes up for; the next ones do the rest. */
const MAX_PAUSE_MS = 50

export interface LoadOptions {
  readonly packetsPerSec: number
  readonly seconds: number
}

export interface LoadResult {
  /** Handed to the sender; whether it could send them, its counters say. */
  readonly packetCount: number
  readonly durationMs: number
  /** How far the sending was behind its plan at the worst. */
  readonly worstDelayMs: number
}

/**
 * Send packets at a constant rate, those of about a millisecond at a time. Whoever falls behind catches up, so that
 * the count is exact: `packetsPerSec` times `seconds`, unless the signal comes.
 *
 * @param sender must hold less than the pool in its queue, as the pool writes its packets again
 * @throws SenderError if a TCP target is lost
 */
export async function sendAtRate(
  pool: LoadPool,
  sender: HepSender,
  { packetsPerSec, seconds }: LoadOptions,
  signal: AbortSignal,
): Promise<LoadResult> {
  const total = Math.round(packetsPerSec * seconds)
  const startedMs = performance.now()
  let packetCount = 0
  let worstDelayMs = 0
  let turnMs = 0
  while (packetCount < total && !signal.aborted) {
    const elapsedMs = performance.now() - startedMs
    const pauseMs = Math.min(Math.max(elapsedMs - turnMs, BATCH_MS), MAX_PAUSE_MS)
    turnMs = elapsedMs
    const mostNow = packetCount + Math.ceil((packetsPerSec * pauseMs * CATCH_UP) / 1000)
    const due = Math.min(total, Math.floor((elapsedMs * packetsPerSec) / 1000), mostNow)
    worstDelayMs = Math.max(worstDelayMs, elapsedMs - (packetCount * 1000) / packetsPerSec)
    let hasRoom = true
    while (packetCount < due && hasRoom) {
      packetCount++
      const timeUs = Math.floor((performance.timeOrigin + performance.now()) * 1000)
      hasRoom = sender.send(pool.next(timeUs))
    }
    if (!hasRoom) await sender.drained()
    else if (packetCount < total) await sleep(BATCH_MS)
  }
  return { packetCount, durationMs: performance.now() - startedMs, worstDelayMs }
}
