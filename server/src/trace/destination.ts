import { HEADER_BYTES, isHep3Magic } from '@hepscope/shared/hep/scan.ts'
import type { Carrier, DestinationCounters, DestinationStatus, DropCause } from './carrier.ts'
import { DatagramCarrier } from './datagram-carrier.ts'
import { type DestinationOptions, withDefaults } from './destination-options.ts'
import type { HepDestination } from './hep-id.ts'
import { StreamCarrier } from './stream-carrier.ts'

/**
 * A receiver of HEP packets that is reached, and reached again, in the background.
 *
 * Opening never fails because the receiver is not there: `status` says so, and what is sent meanwhile is counted
 * by cause in `counters`.
 */
export class Destination {
  readonly id: HepDestination
  readonly #carrier: Carrier
  readonly #dropped: Partial<Record<DropCause, number>> = {}
  readonly #whenConnected = new Set<() => void>()

  /** @throws SenderError if certificate, key or CA cannot be used */
  constructor(id: HepDestination, options: DestinationOptions = {}) {
    this.id = id
    const resolved = withDefaults(options)
    const onStatus = (status: DestinationStatus): void => {
      if (status.state === 'connected' || status.state === 'closed') {
        for (const done of [...this.#whenConnected]) done()
      }
      resolved.onStatus(status, id)
    }
    const Transport = id.transport === 'udp' ? DatagramCarrier : StreamCarrier
    this.#carrier = new Transport(id, { ...resolved, onStatus })
  }

  get status(): DestinationStatus {
    return this.#carrier.status
  }

  /** What became of all frames so far. */
  get counters(): Readonly<DestinationCounters> {
    const { dropped, ...counters } = this.#carrier.counters
    const all = { ...dropped }
    for (const [cause, count] of Object.entries(this.#dropped)) all[cause as DropCause] += count
    return { ...counters, dropped: all }
  }

  /**
   * Send one HEP packet as it is. Never throws and never blocks.
   *
   * Over a stream only HEPv3 can be sent; bytes behind the packet are cut off, for the receiver would take them for
   * the next one.
   *
   * @param packet kept by reference until it is sent, so do not write into it afterwards
   * @returns false if it was dropped
   */
  send(packet: Uint8Array): boolean {
    if (this.id.transport === 'udp') return this.#carrier.send(packet)
    const total = ((packet[4] ?? 0) << 8) | (packet[5] ?? 0)
    if (!isHep3Magic(packet, 0) || total < HEADER_BYTES || total > packet.length) {
      this.#dropped['not-a-frame'] = (this.#dropped['not-a-frame'] ?? 0) + 1
      return false
    }
    return this.#carrier.send(total === packet.length ? packet : packet.subarray(0, total))
  }

  /**
   * Wait for the connection; UDP has one as soon as the host is looked up.
   *
   * @returns true once connected, false if it was not within `timeoutMs`, or closed
   */
  async connected(timeoutMs = 5000): Promise<boolean> {
    if (this.status.state === 'connected') return true
    if (this.status.state === 'closed') return false
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#whenConnected.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#whenConnected.add(done)
    })
    return this.#carrier.status.state === 'connected'
  }

  /** Resolves when nothing waits any more: it was written or dropped. For a sender of many packets, now and then. */
  drained(): Promise<void> {
    return this.#carrier.drained()
  }

  /** Sends what waits, bounded by `closeTimeoutMs`, and frees the socket. Idempotent, never rejects. */
  close(): Promise<void> {
    return this.#carrier.close()
  }
}
