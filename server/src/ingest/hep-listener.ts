import type { IngestTransport } from './packet-source.ts'

/** An open socket that receives HEP. */
export interface HepListener {
  readonly transport: IngestTransport
  readonly host: string
  /** The port in use, also where the configuration asked for any. */
  readonly port: number
  /** Packets that the kernel dropped because the socket's buffer was full; undefined where it does not tell. */
  readonly kernelDropCount: number | undefined
  readonly connectionCount: number
  close(): Promise<void>
}
