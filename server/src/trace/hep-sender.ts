import type { SenderTarget } from './target.ts'

export interface SenderOptions {
  /** How long TCP may take to connect. Default 5,000 ms. */
  readonly connectTimeoutMs?: number
  /** How long `close` waits for what is queued. Default 2,000 ms. */
  readonly closeTimeoutMs?: number
  /** Bytes that may wait in this process; what would exceed it is dropped. Default 4 MiB. */
  readonly maxQueuedBytes?: number
  /** Packets after which `send` asks for a pause even if there is room. Default 32. */
  readonly burstCount?: number
  /** UDP only: what `drained` waits at least, so that a receiver in another process can follow. Default 0 ms. */
  readonly burstPauseMs?: number
}

export interface SenderCounters {
  /** Packets that the operating system took. */
  sentCount: number
  sentBytes: number
  /** Packets dropped because `maxQueuedBytes` were waiting already. */
  droppedCount: number
  /** Packets that could not be sent: too large, refused by the target, or the connection is gone. */
  failedCount: number
  /** Those among them that the system reported as refused: over UDP nobody listened. */
  refusedCount: number
}

/** A way to one HEP receiver. */
export interface HepSender {
  readonly target: SenderTarget
  readonly counters: Readonly<SenderCounters>
  /** TCP: what ended the connection, absent while it lives. UDP: the last error, e.g. that nobody listens. */
  readonly fault: SenderError | undefined
  /**
   * Send one HEP packet. Never throws and never blocks.
   *
   * @param bytes one packet; kept by reference until it is sent, so do not write into it afterwards
   * @returns true to go on at once, false to await {@link drained} first
   */
  send(bytes: Uint8Array): boolean
  /**
   * Resolves when the event loop has turned once, so that a receiver in this process can read and signals are
   * seen, and there is room again (UDP: the queue is empty). Rejects with {@link fault} once a TCP connection is gone.
   */
  drained(): Promise<void>
  /** Sends what is queued, bounded by `closeTimeoutMs`, and frees the socket. Idempotent, never rejects. */
  close(): Promise<void>
}

export type SenderErrorCode =
  | 'ERR_TARGET_INVALID'
  | 'ERR_TARGET_UNREACHABLE'
  | 'ERR_TARGET_LOST'
  | 'ERR_SEND_FAILED'
  /** The version or mode of the destination has no form for what is asked. */
  | 'ERR_NOT_SUPPORTED'

/** A target that cannot be used; `message` is one line for people. */
export class SenderError extends Error {
  readonly code: SenderErrorCode

  constructor(code: SenderErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'SenderError'
    this.code = code
  }
}

/** The short reason in a system error, e.g. `ECONNREFUSED`. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
