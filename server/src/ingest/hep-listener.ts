import type { IngestTransport } from './packet-source.ts'

/** A socket that receives HEP, in this thread or in others. */
export interface ListenerStatus {
  readonly transport: IngestTransport
  readonly host: string
  /** The port in use, also where the configuration asked for any. */
  readonly port: number
  /** Packets that the kernel dropped because the socket's buffer was full; undefined where it does not tell. */
  readonly kernelDropCount: number | undefined
  /** Open connections, those of other threads included. */
  readonly connectionCount: number
}

/** A socket of this thread. */
export interface HepListener extends ListenerStatus {
  /** Number of its descriptor, for other threads; undefined where there is none. */
  readonly descriptor: number | undefined
  close(): Promise<void>
}
