/**
 * What hepscope shows of a SIP message without parsing all of it, as offsets into the scanned bytes; filled by
 * `summarizeSip`.
 * One instance is reused for every message. A range is absent when `at === -1`.
 */
export class SipSummary {
  /** Number in `METHODS`: the CSeq method, or the request line's where there is no CSeq. */
  method = 0
  /** Bytes of that method's name. */
  methodAt = -1
  methodEnd = -1
  /** 0 for a request. */
  statusCode = 0
  reasonAt = -1
  reasonEnd = -1
  callIdAt = -1
  callIdEnd = -1
  /** Whole CSeq value, e.g. `1 INVITE`. */
  cseqAt = -1
  cseqEnd = -1
  cseqNumber = 0
  ruriUserAt = -1
  ruriUserEnd = -1
  fromUserAt = -1
  fromUserEnd = -1
  fromHostAt = -1
  fromHostEnd = -1
  fromTagAt = -1
  fromTagEnd = -1
  toUserAt = -1
  toUserEnd = -1
  toHostAt = -1
  toHostEnd = -1
  toTagAt = -1
  toTagEnd = -1
  /** Branch of the topmost Via. */
  branchAt = -1
  branchEnd = -1
  userAgentAt = -1
  userAgentEnd = -1
  /** X-CID, the header by which back-to-back user agents name the other leg. */
  aLegIdAt = -1
  aLegIdEnd = -1
  hasSdp = false
  /** First byte behind the empty line, or the end. */
  bodyAt = 0

  reset(): void {
    this.method = 0
    this.methodAt = this.methodEnd = -1
    this.statusCode = 0
    this.reasonAt = this.reasonEnd = -1
    this.callIdAt = this.callIdEnd = -1
    this.cseqAt = this.cseqEnd = -1
    this.cseqNumber = 0
    this.ruriUserAt = this.ruriUserEnd = -1
    this.fromUserAt = this.fromUserEnd = -1
    this.fromHostAt = this.fromHostEnd = -1
    this.fromTagAt = this.fromTagEnd = -1
    this.toUserAt = this.toUserEnd = -1
    this.toHostAt = this.toHostEnd = -1
    this.toTagAt = this.toTagEnd = -1
    this.branchAt = this.branchEnd = -1
    this.userAgentAt = this.userAgentEnd = -1
    this.aLegIdAt = this.aLegIdEnd = -1
    this.hasSdp = false
    this.bodyAt = 0
  }

  /** Add to all offsets. */
  shift(by: number): void {
    if (this.methodAt >= 0) {
      this.methodAt += by
      this.methodEnd += by
    }
    if (this.reasonAt >= 0) {
      this.reasonAt += by
      this.reasonEnd += by
    }
    if (this.callIdAt >= 0) {
      this.callIdAt += by
      this.callIdEnd += by
    }
    if (this.cseqAt >= 0) {
      this.cseqAt += by
      this.cseqEnd += by
    }
    if (this.ruriUserAt >= 0) {
      this.ruriUserAt += by
      this.ruriUserEnd += by
    }
    if (this.fromUserAt >= 0) {
      this.fromUserAt += by
      this.fromUserEnd += by
    }
    if (this.fromHostAt >= 0) {
      this.fromHostAt += by
      this.fromHostEnd += by
    }
    if (this.fromTagAt >= 0) {
      this.fromTagAt += by
      this.fromTagEnd += by
    }
    if (this.toUserAt >= 0) {
      this.toUserAt += by
      this.toUserEnd += by
    }
    if (this.toHostAt >= 0) {
      this.toHostAt += by
      this.toHostEnd += by
    }
    if (this.toTagAt >= 0) {
      this.toTagAt += by
      this.toTagEnd += by
    }
    if (this.branchAt >= 0) {
      this.branchAt += by
      this.branchEnd += by
    }
    if (this.userAgentAt >= 0) {
      this.userAgentAt += by
      this.userAgentEnd += by
    }
    if (this.aLegIdAt >= 0) {
      this.aLegIdAt += by
      this.aLegIdEnd += by
    }
    this.bodyAt += by
  }
}
