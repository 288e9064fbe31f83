import type { Transport } from '@hepscope/shared/hep/chunks.ts'

/** One event as the ladder draws it, from the live stream or from the store. Never changes. */
export interface LadderMessage {
  /** `node:epoch:seq`: the same for a live and a stored event. */
  readonly key: string
  readonly node: string
  readonly epoch: number
  readonly seq: number
  /** Whole microseconds since 1970. */
  readonly tsUs: number
  /** `''` if the packet named none. */
  readonly srcIp: string
  readonly srcPort: number
  readonly dstIp: string
  readonly dstPort: number
  readonly transport: Transport
  /** HEP protocol type. */
  readonly proto: number
  /** Request method, or the CSeq method of an answer; `''` for what is not SIP. */
  readonly method: string
  /** 0 for a request and for what is not SIP. */
  readonly statusCode: number
  readonly reason: string
  readonly cseqNumber: number
  /** Call-ID; for what is not SIP the correlation id. */
  readonly callId: string
  /** Of the topmost Via. */
  readonly branch: string
  readonly fromTag: string
  readonly toTag: string
  readonly hasSdp: boolean
  readonly agentId: number
  readonly agentName: string
  /** Payload as text; undefined if this copy of the event came without. */
  readonly payload: string | undefined
  /** The payload, where its bytes are not those of the text: binary RTCP, another character set. */
  readonly raw: Uint8Array | undefined
}

/** Name that the live and the stored copy of an event share. */
export function keyOf(node: string, epoch: number, seq: number): string {
  return `${node}:${epoch}:${seq}`
}

/** Whether a tag, branch or Call-ID is one of this message. */
export function hasValue({ callId, branch, fromTag, toTag }: LadderMessage, value: string): boolean {
  return value === callId || value === branch || value === fromTag || value === toTag
}

// eslint-disable-next-line no-control-regex -- these are what is looked for
const NO_TEXT = /[\0-\x08\x0e-\x1a\x1c-\x1f]/

/** Whether a payload has no character that no text has. */
export function isText(payload: string): boolean {
  return !NO_TEXT.test(payload)
}
