import { sharedConnections } from './connection-count.ts'
import type { SystemHandle } from './descriptor.ts'
import { PeerRates } from './peer-rates.ts'
import type { ReadPause } from './read-pause.ts'

/** What the threads of one listener count in together. */
export interface ListenerShares {
  /** For `ConnectionCount`. */
  readonly connections: SharedArrayBuffer
  /** For `PeerRates`; undefined where a listener has no limit. */
  readonly rates: SharedArrayBuffer | undefined
}

/** Where a listener stands: alone, or in one of several threads. */
export interface ListenerPlace {
  /** Index of the thread. */
  readonly thread: number
  readonly shares: ListenerShares
  /** The socket of another thread, open already; without it a new one is opened. */
  readonly handle?: SystemHandle
  /** Only in a thread that does nothing else. */
  readonly pause?: ReadPause
}

/** @param hasRates whether packets are counted by sender */
export function createShares(threads: number, hasRates: boolean): ListenerShares {
  return { connections: sharedConnections(threads), rates: hasRates ? new PeerRates().buffer : undefined }
}
