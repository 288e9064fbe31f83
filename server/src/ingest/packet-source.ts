import type { Gate } from './gate.ts'

export type IngestTransport = 'udp' | 'tcp' | 'tls' | 'ws' | 'http'

/** What the ingest needs to know of the listener that a packet came by. */
export interface PacketSource {
  readonly transport: IngestTransport
  /** Undefined where everybody may send. */
  readonly gate: Gate | undefined
}
