/** SIP members of a frame. Each is absent where the message has no such value. */
export interface HepStreamSip {
  /** Method of the CSeq header, so a response has its request's. */
  readonly method?: string
  /** Status code in decimal, responses only. */
  readonly resp_code?: string
  readonly resp_text?: string
  readonly callid?: string
  /** Whole header value, e.g. `1 INVITE`. */
  readonly cseq?: string
  readonly from_user?: string
  readonly to_user?: string
  readonly ruri_user?: string
}

/** One event of the Live HEP Stream, as its JSON frame has it. Empty texts and zeros are absent. */
export interface HepStreamEvent {
  /** Milliseconds since 1970. */
  readonly ts: number
  /** HEP protocol type: 1 is SIP, 5 RTCP, 100 a log line. */
  readonly proto: number
  readonly src_ip?: string
  readonly src_port?: number
  readonly dst_ip?: string
  readonly dst_port?: number
  /** Id of the capture agent. */
  readonly node_id?: number
  readonly sip?: HepStreamSip
  /** Only if it was asked for and allowed. */
  readonly payload?: string
}

/** An event from the text of a JSON frame, or undefined if it is none. */
export function parseStreamEvent(text: string): HepStreamEvent | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isStreamEvent(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isStreamEvent(value: unknown): value is HepStreamEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'ts' in value &&
    typeof value.ts === 'number' &&
    'proto' in value &&
    typeof value.proto === 'number'
  )
}
