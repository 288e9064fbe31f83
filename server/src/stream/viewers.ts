import { once } from 'node:events'
import type { WebSocket } from 'ws'
import type { Broker } from './broker.ts'
import type { Subscription } from './subscription.ts'

/** Close codes of the stream (RFC 6455 section 7.4 and its registry; 4401 is ours). */
export const CLOSE = { goingAway: 1001, overload: 1013, tokenEnded: 4401 } as const

const PING_INTERVAL_MS = 30_000
const MAX_MISSED_PONGS = 2
const CLOCK_INTERVAL_MS = 10_000
const CHECK_INTERVAL_MS = 1000
/** Bytes that may wait in the sockets of all viewers together, before those that hold the most have to go. */
const MAX_BUFFERED_BYTES = 128 * 1024 * 1024
/** How long a viewer that does not read gets to take our goodbye. */
const GOODBYE_MS = 2000

/** One connected viewer. */
export interface Viewer {
  /** Number since the server started. */
  readonly id: number
  readonly socket: WebSocket
  readonly subscription: Subscription
  /** Address and port. */
  readonly remote: string
  readonly username: string | undefined
  /** Effective filter, as a query string. */
  readonly filter: string
  readonly format: 'json' | 'block'
  readonly withPayload: boolean
  readonly connectedMs: number
  /** Whether what the viewer was let in for still holds. */
  readonly isCurrent: () => boolean
  missedPongs: number
}

/** The viewers of one endpoint: keeps them alive, tells them the time, and ends those that cost too much. */
export class Viewers {
  readonly #broker: Broker
  readonly #all = new Set<Viewer>()
  readonly #timers: readonly NodeJS.Timeout[]
  readonly #maxBufferedBytes: number
  overloadCount = 0

  constructor(broker: Broker, maxBufferedBytes = MAX_BUFFERED_BYTES) {
    this.#broker = broker
    this.#maxBufferedBytes = maxBufferedBytes
    this.#timers = [
      setInterval(() => this.#ping(), PING_INTERVAL_MS).unref(),
      setInterval(() => this.#tick(), CLOCK_INTERVAL_MS).unref(),
      setInterval(() => this.shedLoad(), CHECK_INTERVAL_MS).unref(),
      setInterval(() => this.#endStale(), CHECK_INTERVAL_MS).unref(),
    ]
  }

  get list(): readonly Viewer[] {
    return [...this.#all]
  }

  add(viewer: Viewer): void {
    this.#all.add(viewer)
    viewer.socket.on('pong', () => (viewer.missedPongs = 0))
  }

  delete(viewer: Viewer): void {
    this.#all.delete(viewer)
  }

  /** Tell every viewer to go; resolves when they have, or after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    const gone = [...this.#all].map(({ socket }) => {
      socket.close(CLOSE.goingAway, 'server is going away')
      return once(socket, 'close')
    })
    const timeout = new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())
    await Promise.race([Promise.all(gone), timeout])
    for (const { socket } of this.#all) socket.terminate()
  }

  /** Where all sockets together hold too much, end the fullest until they do not. */
  shedLoad(): void {
    let total = 0
    for (const { subscription } of this.#all) total += subscription.bufferedBytes
    if (total <= this.#maxBufferedBytes) return
    const fullest = [...this.#all].sort((a, b) => b.subscription.bufferedBytes - a.subscription.bufferedBytes)
    for (const viewer of fullest) {
      if (total <= this.#maxBufferedBytes) return
      total -= viewer.subscription.bufferedBytes
      // Some were told to go the last time, and still hold their bytes.
      if (viewer.socket.readyState !== viewer.socket.OPEN) continue
      this.overloadCount++
      end(viewer, CLOSE.overload, 'too slow for the load')
    }
  }

  #ping(): void {
    for (const viewer of this.#all) {
      if (viewer.missedPongs >= MAX_MISSED_PONGS) viewer.socket.terminate()
      else {
        viewer.missedPongs++
        viewer.socket.ping()
      }
    }
  }

  /** End the streams whose session has expired, was ended, or has lost rights, wherever that was done. */
  #endStale(): void {
    for (const viewer of this.#all) if (!viewer.isCurrent()) end(viewer, CLOSE.tokenEnded, 'session ended')
  }

  #tick(): void {
    for (const { subscription } of this.#all) this.#broker.tick(subscription)
  }
}

/** Close with a reason; a viewer that does not read is cut off soon. */
function end({ socket }: Viewer, code: number, reason: string): void {
  socket.close(code, reason)
  setTimeout(() => socket.terminate(), GOODBYE_MS).unref()
}
