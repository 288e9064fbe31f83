import { withFirstSeq } from '@hepscope/shared/event/block.ts'
import { Backoff } from '../backoff.ts'
import { packetsIn } from './block-outlet.ts'
import { loadCallbacks } from './callbacks.ts'
import { clearConnections, connectionsIn } from './connection-count.ts'
import { IngestCounters, type IngestCounts } from './counters.ts'
import type { ListenerStatus } from './hep-listener.ts'
import { IngestThread } from './ingest-thread.ts'
import { Ingest } from './ingest.ts'
import { kernelDropsOf } from './kernel-drops.ts'
import { createShares, type ListenerShares } from './listener-place.ts'
import { hasRates, type ListenerOptions } from './listener.ts'
import { IMPORT } from './packet-source.ts'
import type { ThreadListener } from './protocol.ts'
import type { Reception, ReceptionOptions } from './reception.ts'
import { RejectLog } from './reject-log.ts'

const FIRST_RESTART_MS = 100
const LAST_RESTART_MS = 30_000
/** A thread that ran so long is not one that fails at once. */
const SETTLED_MS = 60_000

/** One listener of all threads. */
interface PoolListener {
  /** With the port in use. */
  options: ListenerOptions
  readonly shares: ListenerShares
}

/** A thread that may have to be started again. */
interface Seat {
  readonly thread: IngestThread
  startedMs: number
  readonly backoff: Backoff
  timer: NodeJS.Timeout | undefined
}

/**
 * Receives in threads that share the sockets: the first opens them, the others get descriptors of their own. Blocks
 * come here and get their `seq` in the order in which they come.
 */
export class IngestPool implements Reception {
  listeners: readonly ListenerStatus[] = []
  failures = { count: 0, lostEvents: 0 }
  readonly #options: ReceptionOptions
  readonly #sockets: readonly PoolListener[]
  readonly #seats: readonly Seat[]
  readonly #importCounters = new IngestCounters()
  #importing: Ingest | undefined
  #nextSeq = 1
  #isClosing = false

  constructor(options: ReceptionOptions) {
    this.#options = options
    this.#sockets = options.listeners.map((listener) => ({
      options: listener,
      shares: createShares(options.threads, hasRates(listener)),
    }))
    this.#seats = Array.from({ length: options.threads }, (_, index) => this.#seat(index))
  }

  get counts(): IngestCounts {
    return IngestCounters.sum([...this.#seats.map(({ thread }) => thread.counters), this.#importCounters])
  }

  get threadCount(): number {
    return this.#seats.filter(({ thread }) => thread.isRunning).length
  }

  async open(): Promise<void> {
    const [first, ...others] = this.#seats
    if (first === undefined) return
    this.#importing = await this.#openImporting()
    await this.#start(first)
    for (const [i, { port }] of first.thread.sockets.entries()) {
      const socket = this.#sockets[i]
      if (socket !== undefined) socket.options = { ...socket.options, uri: { ...socket.options.uri, port } }
    }
    this.listeners = this.#sockets.map(statusOf)
    const results = await Promise.allSettled(others.map((seat) => this.#start(seat)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return
    const { reason } = failed as { readonly reason: Error }
    this.#options.log.warn(
      { reason: reason.message },
      `ingest.workers: threads cannot share a socket here, so ${this.threadCount} of ${this.#seats.length} receive`,
    )
  }

  receive(packet: Uint8Array): boolean {
    return this.#importing?.receive(packet, IMPORT, 'import', 0) ?? false
  }

  async close(): Promise<void> {
    this.#importing?.flush()
    this.#isClosing = true
    for (const { timer } of this.#seats) clearTimeout(timer)
    await Promise.all(this.#seats.map(({ thread }) => thread.close()))
    const lost = this.#seats.reduce((sum, { thread }) => sum + thread.takeLost(), 0)
    if (lost === 0) return
    this.failures.lostEvents += lost
    this.#options.log.warn({ lost }, 'a thread that receives did not end in time; what it had is lost')
  }

  async #openImporting(): Promise<Ingest> {
    const { callbacks: paths, log, source, blockIntervalMs, scan, onPacket } = this.#options
    const callbacks = await loadCallbacks(paths, log, this.#importCounters)
    const rejectLog = new RejectLog(log)
    return new Ingest({
      source,
      blockIntervalMs,
      scan,
      counters: this.#importCounters,
      onBlock: ({ bytes }) => this.#number(bytes),
      onReject: (rejection) => rejectLog.add(rejection),
      ...(callbacks !== undefined && { callbacks }),
      ...(onPacket !== undefined && { onPacket }),
    })
  }

  #number(bytes: Uint8Array): void {
    const block = withFirstSeq(bytes, this.#nextSeq)
    this.#nextSeq += block.count
    this.#options.onBlock(block)
  }

  #seat(index: number): Seat {
    const { onPacket } = this.#options
    const thread = new IngestThread(index, this.#options, {
      onBlock: (bytes, packets) => {
        this.#number(bytes)
        if (onPacket !== undefined) for (const packet of packetsIn(packets)) onPacket(packet)
      },
      onEnd: (reason) => this.#bury(seat, reason),
    })
    const seat: Seat = {
      thread,
      startedMs: 0,
      backoff: new Backoff(FIRST_RESTART_MS, LAST_RESTART_MS),
      timer: undefined,
    }
    return seat
  }

  /** Its sockets are those of a thread that runs; without one it opens them anew. */
  async #start(seat: Seat): Promise<void> {
    const other = this.#seats.find(({ thread }) => thread.isRunning)?.thread
    const listeners = this.#sockets.map(({ options, shares }, i): ThreadListener => ({
      options,
      shares,
      descriptor: other?.sockets[i]?.descriptor,
    }))
    seat.startedMs = Date.now()
    await seat.thread.start(listeners)
  }

  /** A thread has ended by itself: say what that cost, and start it again. */
  #bury(seat: Seat, reason: string): void {
    const { thread } = seat
    const lost = thread.takeLost()
    this.failures = { count: this.failures.count + 1, lostEvents: this.failures.lostEvents + lost }
    const connections = this.#sockets.reduce(
      (sum, { shares }) => sum + clearConnections(shares.connections, thread.index),
      0,
    )
    if (Date.now() - seat.startedMs > SETTLED_MS) seat.backoff.reset()
    this.#options.log.warn(
      { thread: thread.index, reason, lostEvents: lost, cutConnections: connections },
      'a thread that receives has failed and is started again',
    )
    this.#restart(seat)
  }

  #restart(seat: Seat): void {
    if (this.#isClosing) return
    seat.timer = setTimeout(() => {
      this.#start(seat).catch((error: unknown) => {
        if (this.#isClosing) return
        const reason = error instanceof Error ? error.message : String(error)
        this.#options.log.warn({ thread: seat.thread.index, reason }, 'a thread that receives could not be started')
        this.#restart(seat)
      })
    }, seat.backoff.nextMs())
  }
}

function statusOf({ options, shares }: PoolListener): ListenerStatus {
  const { transport, host, port } = options.uri
  return {
    transport,
    host,
    port,
    get kernelDropCount() {
      return transport === 'udp' ? kernelDropsOf({ host, port }) : undefined
    },
    get connectionCount() {
      return connectionsIn(shares.connections)
    },
  }
}
