import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import type { Inflate } from '@hepscope/shared/hep/compression.ts'
import type { RelayRule, TraceSettings } from './config.ts'
import { Destination } from './destination.ts'
import type { DestinationOptions } from './destination-options.ts'
import { PacketForms, type RefusalCause } from './packet-forms.ts'

/** What became of the packets of one rule. Every packet ends up in one of the four counts, or in `refused`. */
export interface RelayCounters {
  /** Name of the destination. */
  readonly to: string
  /** Packets handed to the destination, whose own counters tell the rest. */
  relayedCount: number
  /** Of them, those that lost chunks which the version of the destination has no place for. */
  reducedCount: number
  /** Packets that the filter did not pass. */
  filteredCount: number
  /** Packets that the destination did not take; its counters tell the cause. */
  droppedCount: number
  /** Packets that the version of the rule cannot represent, by cause. */
  readonly refused: Partial<Record<RefusalCause, number>>
}

interface Route {
  readonly rule: RelayRule
  readonly destination: Destination
  readonly counters: RelayCounters
}

export interface RelayOptions extends DestinationOptions {
  /** Name of this node, for filters that name one. */
  readonly node: string
  /** Lets a filter see into compressed payloads. */
  readonly inflate?: Inflate
}

/** A batch that holds more than this goes on at once. */
const BATCH_BYTES = 1 << 20

/**
 * Sends what the listeners received on to other collectors.
 *
 * Packets are collected and go on when the event loop has worked off what it was at, so that filters look at a
 * whole block at a time. The order of the packets is kept.
 */
export class Relay {
  readonly #routes: readonly Route[]
  readonly #destinations: readonly Destination[]
  /** Present if a rule has a filter. */
  readonly #writer: BlockWriter | undefined
  #batch: Uint8Array[] = []
  #batchBytes = 0
  #timer: NodeJS.Immediate | undefined
  #isClosed = false

  /**
   * Opens the destinations that a rule names, each once. Without rules nothing is opened.
   *
   * @throws SenderError if certificate, key or CA cannot be used
   */
  constructor({ relay, options }: Pick<TraceSettings, 'relay' | 'options'>, { node, inflate, ...more }: RelayOptions) {
    const opened = new Map<string, Destination>()
    this.#routes = relay.map((rule) => {
      const { name } = rule.to
      const destination = opened.get(name) ?? new Destination(rule.to, { ...options, ...more })
      opened.set(name, destination)
      const counters = { to: name, relayedCount: 0, reducedCount: 0, filteredCount: 0, droppedCount: 0, refused: {} }
      return { rule, destination, counters }
    })
    this.#destinations = [...opened.values()]
    const hasFilter = relay.some(({ accepts }) => accepts !== undefined)
    this.#writer = hasFilter ? new BlockWriter({ node, epoch: 0 }, inflate) : undefined
  }

  /** One entry a rule, in their order. */
  get counters(): readonly Readonly<RelayCounters>[] {
    return this.#routes.map(({ counters }) => counters)
  }

  /** Those that a rule names. */
  get destinations(): readonly Destination[] {
    return this.#destinations
  }

  /**
   * Send one packet on, in all ways that the rules say. Never throws and never blocks.
   *
   * @param packet one HEP packet that a listener has accepted; copied, so the caller may reuse the memory
   */
  receive(packet: Uint8Array): void {
    if (this.#routes.length === 0 || this.#isClosed) return
    const own = Buffer.from(packet)
    const fault = this.#writer?.append(own, Date.now() * 1000)
    if (fault !== undefined) {
      for (const { counters } of this.#routes) countRefused(counters, fault)
      return
    }
    this.#batch.push(own)
    this.#batchBytes += own.length
    if (this.#batch.length === MAX_ROWS || this.#batchBytes >= BATCH_BYTES || this.#writer?.isFull === true)
      this.#flush()
    else this.#timer ??= setImmediate(() => this.#flush())
  }

  /** Sends what is there, bounded by `closeTimeoutMs`, and closes the destinations. Idempotent, never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#flush()
    await Promise.all(this.#destinations.map((destination) => destination.close()))
  }

  #flush(): void {
    clearImmediate(this.#timer)
    this.#timer = undefined
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    const nowUs = Date.now() * 1000
    const block = this.#writer?.seal(nowUs)
    for (const [row, packet] of batch.entries()) {
      const forms = new PacketForms(packet, nowUs)
      for (const { rule, destination, counters } of this.#routes) {
        if (rule.accepts !== undefined && block !== undefined && !rule.accepts(block, row)) {
          counters.filteredCount++
          continue
        }
        const form = forms.as(rule.version)
        if (!form.ok) {
          countRefused(counters, form.cause)
        } else if (destination.send(form.bytes)) {
          counters.relayedCount++
          if (form.isReduced) counters.reducedCount++
        } else {
          counters.droppedCount++
        }
      }
    }
  }
}

function countRefused({ refused }: RelayCounters, cause: RefusalCause): void {
  refused[cause] = (refused[cause] ?? 0) + 1
}
