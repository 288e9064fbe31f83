import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { BlockSource } from '@hepscope/shared/event/writer.ts'
import type { ScanOptions } from '@hepscope/shared/hep/scan.ts'
import type { IngestCounts } from './counters.ts'
import type { ListenerStatus } from './hep-listener.ts'
import type { IngestLog } from './ingest-log.ts'
import type { ListenerOptions } from './listener.ts'

export interface ReceptionOptions {
  /** Threads that receive; 0: the calling one. */
  readonly threads: number
  readonly listeners: readonly ListenerOptions[]
  readonly source: BlockSource
  /** How long a packet may wait for its block to fill, ms. */
  readonly blockIntervalMs: number
  /** What is demanded of packets. */
  readonly scan: ScanOptions
  /** Paths of modules that see each packet first; every thread has its own of each. */
  readonly callbacks: readonly string[]
  /** Told of each block, in the order of its `seq`. */
  readonly onBlock: (block: EventBlock) => void
  /** Told of each packet that became an event, e.g. to relay it; the bytes are valid only during the call. */
  readonly onPacket?: (packet: Uint8Array) => void
  readonly log: IngestLog
  /** Where the programs of threads are. Default: beside this file, as they are bundled. */
  readonly programs?: ThreadPrograms
}

export interface ThreadPrograms {
  /** Bundle of `thread-entry.ts`. */
  readonly thread: URL
  /** Bundle of `courier-entry.ts`. */
  readonly courier: URL
}

/** Threads that ended by themselves. */
export interface ThreadFailures {
  readonly count: number
  /** Events that they had collected and not handed over. */
  readonly lostEvents: number
}

/** All that receives HEP, in one thread or in several. */
export interface Reception {
  /** Empty until it is open. */
  readonly listeners: readonly ListenerStatus[]
  readonly counts: IngestCounts
  readonly failures: ThreadFailures
  /** Threads that receive now; 0 where the calling one does. */
  readonly threadCount: number
  /**
   * Open all listeners.
   *
   * @throws ListenError if an address cannot be listened on, CallbackError if a callback cannot be used; what was
   *   opened by then is for `close`
   */
  open(): Promise<void>
  /**
   * Take a packet that came by no listener, in the calling thread: it goes the way of all others.
   *
   * @param packet copied
   * @returns false if it was refused and counted, or nothing is open
   */
  receive(packet: Uint8Array): boolean
  /** Stop listening and hand over what was received until then. Idempotent. */
  close(): Promise<void>
}
