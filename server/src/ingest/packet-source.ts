import type { Gate } from './gate.ts'

/** How a packet came; `import`: in a file that somebody gave us. */
export type IngestTransport = 'udp' | 'tcp' | 'tls' | 'ws' | 'http' | 'import'

/** What the ingest needs to know of the listener that a packet came by. */
export interface PacketSource {
  readonly transport: IngestTransport
  /** Undefined where everybody may send. */
  readonly gate: Gate | undefined
}

/** Packets of files that an admin imports. */
export const IMPORT: PacketSource = { transport: 'import', gate: undefined }
