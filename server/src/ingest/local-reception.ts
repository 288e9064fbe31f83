import { loadCallbacks } from './callbacks.ts'
import { IngestCounters, type IngestCounts } from './counters.ts'
import type { HepListener } from './hep-listener.ts'
import { Ingest } from './ingest.ts'
import { openListener } from './listener.ts'
import { IMPORT } from './packet-source.ts'
import type { Reception, ReceptionOptions } from './reception.ts'
import { RejectLog } from './reject-log.ts'

/** Receives in the calling thread. */
export class LocalReception implements Reception {
  readonly listeners: HepListener[] = []
  readonly failures = { count: 0, lostEvents: 0 }
  readonly threadCount = 0
  readonly #options: ReceptionOptions
  readonly #counters = new IngestCounters()
  #ingest: Ingest | undefined

  constructor(options: ReceptionOptions) {
    this.#options = options
  }

  get counts(): IngestCounts {
    return IngestCounters.sum([this.#counters])
  }

  async open(): Promise<void> {
    const { log, source, blockIntervalMs, scan, onBlock, onPacket } = this.#options
    const callbacks = await loadCallbacks(this.#options.callbacks, log, this.#counters)
    const rejectLog = new RejectLog(log)
    this.#ingest = new Ingest({
      source,
      blockIntervalMs,
      scan,
      counters: this.#counters,
      onBlock,
      onReject: (rejection) => rejectLog.add(rejection),
      ...(callbacks !== undefined && { callbacks }),
      ...(onPacket !== undefined && { onPacket }),
    })
    for (const listener of this.#options.listeners) {
      this.listeners.push(await openListener(this.#ingest, listener))
    }
  }

  receive(packet: Uint8Array): boolean {
    return this.#ingest?.receive(packet, IMPORT, 'import', 0) ?? false
  }

  async close(): Promise<void> {
    await Promise.all(this.listeners.splice(0).map((listener) => listener.close()))
    this.#ingest?.flush()
  }
}
