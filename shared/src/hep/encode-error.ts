/** Why a packet has no form on the wire. Closed set: each is a metric label. */
export type HepEncodeFault =
  /** Over 65,535 bytes, or over what a datagram holds. */
  | 'too-large'
  | 'bad-address'
  /** A number that does not fit its field. */
  | 'out-of-range'
  /** HEPv1 and HEPv2 carry SIP alone, uncompressed, between two addresses. */
  | 'not-sip'
  | 'compressed'
  | 'no-address'
  | 'no-payload'
  /** HEPv2 always has a time. */
  | 'no-time'
  /** `correlate` ties ids of two different types together. */
  | 'same-type'

/** A packet that the asked version of HEP cannot represent. `code` says why; the message says which member. */
export class HepEncodeError extends Error {
  override readonly name = 'HepEncodeError'
  readonly code: HepEncodeFault

  constructor(code: HepEncodeFault, message: string) {
    super(message)
    this.code = code
  }
}
