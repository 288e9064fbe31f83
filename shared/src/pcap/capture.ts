/**
 * Link types that hepscope reads.
 * @see https://www.tcpdump.org/linktypes.html
 */
export const LINK_TYPE = {
  bsdNull: 0,
  ethernet: 1,
  /** Raw IP as some systems number it: what a file calls 12 or 14 others call 101. */
  raw12: 12,
  raw14: 14,
  rawIp: 101,
  bsdLoop: 108,
  linuxSll: 113,
  rawIpv4: 228,
  rawIpv6: 229,
  linuxSll2: 276,
} as const

/** One captured frame. */
export interface CaptureRecord {
  readonly ok: true
  /** Whole microseconds since 1970, finer times cut; undefined if the file has none, as in a pcapng simple packet. */
  readonly tsUs: number | undefined
  readonly linkType: number
  /** What was captured, as a view into the file. */
  readonly frame: Uint8Array
  /** Bytes the frame had on the wire; more than `frame` holds if the capture was limited. */
  readonly wireBytes: number
}

/** Why reading a capture stopped, or passed over a record. Closed set. */
export type CaptureFaultReason =
  /** The first bytes are not those of pcap or pcapng. */
  | 'not-a-capture'
  /** The file ends inside its last record, as it does when the writer was killed. */
  | 'truncated'
  /** A length that cannot be, so that what follows cannot be found. */
  | 'bad-record'
  /** A pcapng packet that contradicts itself or names an interface not described. Reading goes on. */
  | 'bad-packet'

export interface CaptureFault {
  readonly ok: false
  readonly reason: CaptureFaultReason
  /** Where in the file the faulty record begins. */
  readonly offset: number
}

export type CaptureItem = CaptureRecord | CaptureFault
