import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'

export interface LivenessOptions {
  readonly intervalMs: number
  /** Intervals without a single byte after which the connection counts as dead. */
  readonly maxSilent: number
}

/** A link that was cut without a word is noticed within six seconds. */
export const LIVENESS: LivenessOptions = { intervalMs: 2000, maxSilent: 2 }

/**
 * Ping a peer, and tell when it says nothing at all any more. Each byte counts, not only whole messages: a large block
 * over a slow line takes its time.
 *
 * @param upgrade answer that opened the connection
 * @param onDead called once
 * @returns what ends the watch
 */
export function watchLiveness(
  socket: WebSocket,
  upgrade: IncomingMessage,
  { intervalMs, maxSilent }: LivenessOptions,
  onDead: () => void,
): () => void {
  let heardBytes = upgrade.socket.bytesRead
  let silent = -1
  const timer = setInterval(() => {
    // Counted in ticks, not by the clock: after a pause of our own the answers are still unread.
    silent = upgrade.socket.bytesRead === heardBytes ? silent + 1 : 0
    heardBytes = upgrade.socket.bytesRead
    if (silent < maxSilent) {
      socket.ping()
      return
    }
    clearInterval(timer)
    onDead()
  }, intervalMs)
  return () => clearInterval(timer)
}
