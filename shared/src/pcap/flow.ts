/** One direction between two sockets. */
export interface Flow {
  /** Text form, IPv4 dotted or IPv6 as in RFC 5952. */
  readonly srcIp: string
  readonly dstIp: string
  readonly srcPort: number
  readonly dstPort: number
}

/** Payload of one UDP datagram. */
export interface Datagram extends Flow {
  readonly kind: 'datagram'
  readonly ipProtocol: 17
  /** Capture time in whole microseconds since 1970; of the last fragment if it came in several. */
  readonly tsUs: number | undefined
  /** A view into the file, or a new array if it came in fragments. */
  readonly bytes: Uint8Array
}

/**
 * How a piece follows the one before it in its direction, if it does not simply continue it:
 * `open` is the first of a connection, `middle` the first seen of a connection that was already there,
 * `gap` says that bytes before it are missing.
 */
export type PieceStart = 'open' | 'middle' | 'gap'

/** The next bytes of one direction of a TCP connection. */
export interface StreamPiece extends Flow {
  readonly kind: 'stream'
  readonly ipProtocol: 6
  /** The same for all pieces of one direction; a later connection between the same sockets has it again. */
  readonly direction: string
  readonly tsUs: number | undefined
  /** A view into the file; empty only if `isEnd`. */
  readonly bytes: Uint8Array
  readonly start: PieceStart | undefined
  /** The direction is over: closed, reset, replaced by a new connection, or dropped because there are too many. */
  readonly isEnd: boolean
}
