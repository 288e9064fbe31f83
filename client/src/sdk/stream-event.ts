import { type ControlFrame, isControlFrame } from '@hepscope/shared/frame/control.ts'

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
  /** The members from here on are those of a stream with `onControl`. Name of the node that received the packet. */
  readonly node?: string
  /** Start of that node, ms since 1970: with `node` and `seq`, the name of this event everywhere. */
  readonly epoch?: number
  readonly seq?: number
  /** Microseconds since 1970. */
  readonly ts_us?: number
  readonly transport?: 'udp' | 'tcp' | 'tls' | 'ws' | 'sctp'
  /** Correlation id of the packet (HEP chunk 0x0011). */
  readonly cid?: string
  /** Name of the capture agent. */
  readonly agent?: string
  /** In the place of `payload`, where that is not UTF-8: base64. */
  readonly payload_b64?: string
}

/** An event or a control frame from the text of a frame, or undefined if it is neither. */
export function parseFrame(text: string): HepStreamEvent | ControlFrame | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isControlFrame(value) || isStreamEvent(value) ? value : undefined
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
