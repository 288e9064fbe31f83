import type { DestinationStatus } from './carrier.ts'
import type { HepDestination } from './hep-id.ts'

/** TLS of a destination. Texts are PEM. */
export interface TlsOptions {
  /** Certificates to trust instead of the system's. */
  readonly ca?: string
  /** Our certificate, with its chain, for a receiver that asks for one; `key` belongs to it. */
  readonly cert?: string
  readonly key?: string
  /** Name that the receiver's certificate must hold. Default: the host of the destination. */
  readonly serverName?: string
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** False: take any certificate. Default true. */
  readonly verifyCert?: boolean
}

/**
 * How a destination behaves, by proto_hep's parameters where there is one.
 *
 * OpenSIPS holds up a process while it connects or writes, and its time limits end that. Node holds up nobody:
 * `send` returns at once, always, and what cannot be written yet waits in memory. The limits here say how long a
 * frame may wait before it counts, and what then happens:
 *
 * | parameter | OpenSIPS | here |
 * | --- | --- | --- |
 * | `hep_async` 1 | connects and writes without blocking, frames are postponed | the number of frames that wait too long is bounded |
 * | `hep_async` 0 | blocks until the frame is written | the time that any frame waits is bounded |
 * | `hep_async_max_postponed_chunks` | frames postponed per connection, one more breaks it | the same, of frames that have waited longer than the local timeout |
 * | `hep_async_local_connect_timeout` | blocks so long for the connection before it postpones | while connecting, a frame counts as postponed after this time |
 * | `hep_async_local_write_timeout` | tries so long to write before it postpones | while connected, a frame counts as postponed after this time |
 * | `hep_send_timeout` | closes the connection if a blocking write takes longer | `hep_async` 0 alone: a frame that waits longer breaks the connection; connecting has as much again |
 *
 * With a local timeout of 0 every frame that waits counts, so the frame after `maxPostponedFrames` breaks the
 * connection at once. A connection that breaks takes its waiting frames with it; each is counted as dropped. While
 * connecting, they are dropped all the same, and so is what comes until it has worked, but the attempt goes on: a
 * receiver that takes longer to reach than that many frames take to come would never be reached.
 * Over UDP nothing waits but for the address of the host to be looked up, and nothing can break: a frame too many is dropped.
 */
export interface DestinationOptions {
  /** `hep_async`. Default true. */
  readonly async?: boolean
  /** `hep_async_max_postponed_chunks`. Default 32. */
  readonly maxPostponedFrames?: number
  /** `hep_async_local_connect_timeout`. Default 100 ms. */
  readonly localConnectTimeoutMs?: number
  /** `hep_async_local_write_timeout`. Default 10 ms. */
  readonly localWriteTimeoutMs?: number
  /** `hep_send_timeout`. Default 100 ms. */
  readonly sendTimeoutMs?: number
  /** Longest that one attempt to connect lasts, TLS included. Default 5,000 ms. */
  readonly connectTimeoutMs?: number
  /** Pause before the next attempt: the first, and what doubling it ends at. Default 500 and 30,000 ms. */
  readonly firstRetryMs?: number
  readonly mostRetryMs?: number
  /** Longest that `close` waits for frames to be written. Default 2,000 ms. */
  readonly closeTimeoutMs?: number
  /** Most bytes that wait, whatever the number of frames; a frame beyond it is dropped. Default 4 MiB. */
  readonly maxWaitingBytes?: number
  readonly tls?: TlsOptions
  /** Called when the state changes, for logs. */
  readonly onStatus?: (status: DestinationStatus, id: HepDestination) => void
  /** Stands in for `Math.random` in the pauses. */
  readonly random?: () => number
}

const DEFAULTS = {
  async: true,
  maxPostponedFrames: 32,
  localConnectTimeoutMs: 100,
  localWriteTimeoutMs: 10,
  sendTimeoutMs: 100,
  connectTimeoutMs: 5000,
  firstRetryMs: 500,
  mostRetryMs: 30_000,
  closeTimeoutMs: 2000,
  maxWaitingBytes: 4 * 1024 * 1024,
  tls: {},
  onStatus: () => undefined,
  random: Math.random,
} as const satisfies Required<DestinationOptions>

export type ResolvedOptions = Required<DestinationOptions>

/** The options with every default in place. */
export function withDefaults(options: DestinationOptions): ResolvedOptions {
  return { ...DEFAULTS, ...options }
}
