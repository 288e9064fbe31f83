import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'

/** Packets that may be sent in a row before the event loop turns, so that signals and sockets are served. */
const MAX_BURST = 64

export interface LiveOptions {
  /** Simulated time at which sending begins, whole microseconds since 1970. */
  readonly startUs: number
  /** 1 keeps the simulated pace, 10 is ten times faster; `undefined` waits for nothing and keeps the simulated times. */
  readonly speed: number | undefined
  /** Takes one HEPv3 packet; a promise is awaited before the next one. */
  readonly send: (bytes: Uint8Array) => void | Promise<void>
  /** Ends the sending after the packet that is being sent. */
  readonly signal: AbortSignal | undefined
}

/**
 * Send packets when they are due. With a speed other than 1 their times are moved together, so that each one
 * still carries the time at which it leaves.
 *
 * @param packets in time order
 * @returns how many were sent
 * @throws what `send` throws
 */
export async function sendLive(packets: Iterable<HepPacket>, options: LiveOptions): Promise<number> {
  const { startUs, speed, send, signal } = options
  const startedMs = performance.now()
  let sentCount = 0
  let burst = 0
  for (const packet of packets) {
    const offsetUs = Math.round(((packet.tsUs ?? startUs) - startUs) / (speed ?? 1))
    const delayMs = speed === undefined ? 0 : startedMs + offsetUs / 1000 - performance.now()
    // Timers count whole milliseconds; what is due within one is due.
    if (delayMs >= 1 || burst >= MAX_BURST) {
      burst = 0
      await pause(delayMs, signal)
    }
    if (signal?.aborted === true) break
    await send(encodeHep({ ...packet, tsUs: startUs + offsetUs }))
    sentCount++
    burst++
  }
  return sentCount
}

async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  if (delayMs < 1) return nextTurn()
  try {
    await sleep(delayMs, undefined, signal && { signal })
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}
