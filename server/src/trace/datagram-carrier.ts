import { Backoff } from '../backoff.ts'
import {
  type Carrier,
  type DestinationCounters,
  type DestinationStatus,
  type DropCause,
  newCounters,
} from './carrier.ts'
import type { ResolvedOptions } from './destination-options.ts'
import { FrameQueue } from './frame-queue.ts'
import type { HepDestination } from './hep-id.ts'
import { type HepSender, SenderError, systemReason } from './hep-sender.ts'
import { openUdpSender } from './udp-sender.ts'

/** The largest UDP payload over IPv4. @see RFC 768 and RFC 791: 65535 - 20 - 8 */
const MAX_DATAGRAM_BYTES = 65_507

/**
 * One frame a datagram to one receiver. The host is looked up once; until that has worked frames wait, and it is
 * tried again when it fails.
 */
export class DatagramCarrier implements Carrier {
  readonly #id: HepDestination
  readonly #options: ResolvedOptions
  readonly #backoff: Backoff
  readonly #queue = new FrameQueue()
  readonly #counters = newCounters()
  #status: DestinationStatus = { state: 'connecting' }
  #sender: HepSender | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #whenDrained: (() => void)[] = []
  #opening: Promise<void>
  #isClosing = false
  /** `close` has not waited for the name any longer. */
  #isAbandoned = false
  #closed: Promise<void> | undefined

  constructor(id: HepDestination, options: ResolvedOptions) {
    this.#id = id
    this.#options = options
    this.#backoff = new Backoff(options.firstRetryMs, options.mostRetryMs, options.random)
    this.#opening = this.#open()
  }

  get status(): DestinationStatus {
    return this.#status
  }

  get counters(): Readonly<DestinationCounters> {
    const own = this.#counters
    if (this.#sender === undefined) return own
    const { sentCount, sentBytes, droppedCount, failedCount, refusedCount } = this.#sender.counters
    const dropped = {
      ...own.dropped,
      'queue-full': own.dropped['queue-full'] + droppedCount,
      refused: refusedCount,
      'send-failed': failedCount - refusedCount,
    }
    return { ...own, sentCount, sentBytes, dropped }
  }

  send(frame: Uint8Array): boolean {
    if (this.#isClosing) return this.#drop('closed')
    if (frame.length > MAX_DATAGRAM_BYTES) return this.#drop('too-large')
    const sender = this.#sender
    if (sender !== undefined) {
      const { droppedCount } = sender.counters
      sender.send(frame)
      return sender.counters.droppedCount === droppedCount
    }
    if (this.#status.state === 'waiting') return this.#drop('not-connected')
    if (this.#queue.length >= this.#options.maxPostponedFrames) return this.#drop('postponed')
    this.#queue.push(frame, 0)
    return true
  }

  async drained(): Promise<void> {
    if (this.#queue.length > 0) await new Promise<void>((resolve) => this.#whenDrained.push(resolve))
    await this.#sender?.drained()
  }

  close(): Promise<void> {
    this.#isClosing = true
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #open(): Promise<void> {
    const { host, port } = this.#id
    const { maxWaitingBytes, closeTimeoutMs } = this.#options
    this.#setStatus({ state: 'connecting' })
    try {
      const target = { transport: 'udp', host, port } as const
      const sender = await openUdpSender(target, { maxQueuedBytes: maxWaitingBytes, closeTimeoutMs })
      if (this.#isAbandoned) {
        await sender.close()
        return
      }
      this.#sender = sender
      this.#counters.connectionCount++
      for (const frame of this.#queue.oldest(Infinity)) sender.send(frame)
      this.#setStatus({ state: 'connected' })
    } catch (error) {
      this.#counters.dropped['not-connected'] += this.#queue.length
      if (!this.#isClosing) this.#retry(error instanceof SenderError ? error.message : systemReason(error))
    }
    this.#release()
  }

  #release(): void {
    this.#queue.clear()
    const waiters = this.#whenDrained
    this.#whenDrained = []
    for (const resolve of waiters) resolve()
  }

  #retry(reason: string): void {
    const retryMs = this.#backoff.nextMs()
    this.#retryTimer = setTimeout(() => {
      this.#opening = this.#open()
    }, retryMs)
    this.#setStatus({ state: 'waiting', reason, retryMs })
  }

  #drop(cause: DropCause): boolean {
    this.#counters.dropped[cause]++
    return false
  }

  #setStatus(status: DestinationStatus): void {
    this.#status = status
    this.#options.onStatus(status, this.#id)
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retryTimer)
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#options.closeTimeoutMs)))
    await Promise.race([this.#opening, tooLate])
    clearTimeout(timer)
    if (this.#sender === undefined) {
      this.#isAbandoned = true
      this.#counters.dropped.closed += this.#queue.length
      this.#release()
    }
    await this.#sender?.close()
    this.#setStatus({ state: 'closed' })
  }
}
