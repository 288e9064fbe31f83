import { WARNING_NAMES } from '@hepscope/shared/hep/fields.ts'
import type { IngestTransport } from './packet-source.ts'
import { REJECT_EXPLANATIONS, type RejectReason } from './rejection.ts'

/** What was received, and what became of it. */
export interface IngestCounts {
  /** Packets by transport. */
  readonly received: Readonly<Record<string, number>>
  readonly receivedBytes: Readonly<Record<string, number>>
  /** By reason; those that never happened are left out. */
  readonly rejected: Readonly<Record<string, number>>
  /** Packets that became events although something about them was odd. One packet may count for several. */
  readonly warned: Readonly<Record<string, number>>
  readonly events: number
  /** Packets that a callback stopped. */
  readonly skipped: number
  /** Bytes of streams that were skipped in search of the next packet. */
  readonly skippedBytes: number
  readonly callbackErrors: number
  /** When the last packet came, ms since 1970; 0 if none did. */
  readonly lastPacketMs: number
}

const TRANSPORTS: readonly IngestTransport[] = ['udp', 'tcp', 'tls', 'ws', 'http', 'import']
const REASONS = Object.keys(REJECT_EXPLANATIONS) as RejectReason[]
const SINGLE = ['events', 'skipped', 'skippedBytes', 'callbackErrors'] as const

const TRANSPORT_AT: Readonly<Record<IngestTransport, number>> = { udp: 0, tcp: 1, tls: 2, ws: 3, http: 4, import: 5 }
const BYTES_AT = TRANSPORTS.length
const REASON_AT = BYTES_AT + TRANSPORTS.length
const WARNING_AT = REASON_AT + REASONS.length
const SINGLE_AT = WARNING_AT + WARNING_NAMES.length
const LAST_PACKET_AT = SINGLE_AT + SINGLE.length
const SLOTS = LAST_PACKET_AT + 1

const REASON_SLOT = new Map(REASONS.map((reason, i) => [reason, REASON_AT + i]))

/**
 * Counters that one thread writes and another reads at any time, also when the writer is gone: all exact, with no
 * message that could be lost.
 */
export class IngestCounters {
  readonly buffer: SharedArrayBuffer
  readonly #values: Float64Array

  /** @param buffer of another thread's counters; without it these begin at zero */
  constructor(buffer = new SharedArrayBuffer(SLOTS * Float64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#values = new Float64Array(buffer)
  }

  get events(): number {
    return this.#values[SINGLE_AT] ?? 0
  }

  receive(transport: IngestTransport, bytes: number, nowMs: number): void {
    const values = this.#values
    const at = TRANSPORT_AT[transport]
    values[at] = (values[at] ?? 0) + 1
    values[at + BYTES_AT] = (values[at + BYTES_AT] ?? 0) + bytes
    values[LAST_PACKET_AT] = nowMs
  }

  reject(reason: RejectReason): void {
    this.#add(REASON_SLOT.get(reason) ?? 0, 1)
  }

  /** @param bits of `WARNING` */
  warn(bits: number): void {
    for (let i = 0; i < WARNING_NAMES.length; i++) if ((bits & (1 << i)) !== 0) this.#add(WARNING_AT + i, 1)
  }

  addEvent(): void {
    this.#add(SINGLE_AT, 1)
  }

  add(name: (typeof SINGLE)[number], count: number): void {
    this.#add(SINGLE_AT + SINGLE.indexOf(name), count)
  }

  #add(slot: number, count: number): void {
    this.#values[slot] = (this.#values[slot] ?? 0) + count
  }

  /** The sums over several writers. */
  static sum(counters: readonly IngestCounters[]): IngestCounts {
    const all = counters.map((each) => each.#values)
    const at = (slot: number): number => all.reduce((sum, values) => sum + (values[slot] ?? 0), 0)
    const named = (names: readonly string[], from: number): Record<string, number> =>
      Object.fromEntries(names.map((name, i) => [name, at(from + i)]))
    const happened = (counts: Record<string, number>): Record<string, number> =>
      Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
    const single = (name: (typeof SINGLE)[number]): number => at(SINGLE_AT + SINGLE.indexOf(name))
    return {
      received: named(TRANSPORTS, 0),
      receivedBytes: named(TRANSPORTS, BYTES_AT),
      rejected: happened(named(REASONS, REASON_AT)),
      warned: happened(named(WARNING_NAMES, WARNING_AT)),
      events: single('events'),
      skipped: single('skipped'),
      skippedBytes: single('skippedBytes'),
      callbackErrors: single('callbackErrors'),
      lastPacketMs: Math.max(0, ...all.map((values) => values[LAST_PACKET_AT] ?? 0)),
    }
  }
}
