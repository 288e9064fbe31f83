/** Why a frame was not sent. Closed set: each is a metric label. */
export type DropCause =
  /** More than a datagram or a HEP packet holds. */
  | 'too-large'
  /** Over a stream: not exactly one HEPv3 packet, so the receiver would lose its place. */
  | 'not-a-frame'
  /** Between two attempts to connect, or during one for which no more frames may wait, or that failed. */
  | 'not-connected'
  /** It waited when one frame too many did, which broke the connection; or it was that one. */
  | 'postponed'
  /** `hep_async` 0: it waited when a frame had done so for too long. */
  | 'send-timeout'
  /** Too many bytes waited. */
  | 'queue-full'
  /** It waited when the receiver or the network ended the connection. */
  | 'connection-lost'
  /** UDP: the system told that nobody listens. */
  | 'refused'
  /** UDP: the system did not take it. */
  | 'send-failed'
  /** It came after `close`, or `close` could wait no longer. */
  | 'closed'

export const DROP_CAUSES = [
  'too-large',
  'not-a-frame',
  'not-connected',
  'postponed',
  'send-timeout',
  'queue-full',
  'connection-lost',
  'refused',
  'send-failed',
  'closed',
] as const satisfies readonly DropCause[]

/** What became of the frames of one destination. Every frame ends up in `sentCount` or in `dropped`, once. */
export interface DestinationCounters {
  /** Frames that the operating system took. TCP: what it had not delivered when a connection broke is unknown. */
  sentCount: number
  sentBytes: number
  readonly dropped: Record<DropCause, number>
  /** Connections that came about. */
  connectionCount: number
  /** Connections, or attempts, that ended because a frame waited too long. */
  brokenCount: number
}

export function newCounters(): DestinationCounters {
  const dropped = Object.fromEntries(DROP_CAUSES.map((cause) => [cause, 0])) as Record<DropCause, number>
  return { sentCount: 0, sentBytes: 0, dropped, connectionCount: 0, brokenCount: 0 }
}

/** Sum of the drops of all causes. */
export function droppedCount({ dropped }: Pick<DestinationCounters, 'dropped'>): number {
  return Object.values(dropped).reduce((sum, count) => sum + count, 0)
}

export type DestinationStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  /** Waits before the next attempt; `reason` is for people. */
  | { readonly state: 'waiting'; readonly reason: string; readonly retryMs: number }
  | { readonly state: 'closed' }

/** Brings frames to one receiver, over whatever transport. */
export interface Carrier {
  readonly status: DestinationStatus
  readonly counters: Readonly<DestinationCounters>
  /** @returns false if the frame was dropped */
  send(frame: Uint8Array): boolean
  /** Resolves when nothing waits any more: it was written or dropped. Never rejects. */
  drained(): Promise<void>
  /** Writes what waits, bounded by `closeTimeoutMs`. Idempotent, never rejects. */
  close(): Promise<void>
}
