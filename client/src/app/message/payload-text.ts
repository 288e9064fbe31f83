import { isRtcp, parseRtcp } from '@hepscope/shared/rtcp/binary.ts'
import type { PayloadState } from '../ladder/ladder.svelte.ts'
import { isText } from '../ladder/message.ts'
import { rtcpText } from './rtcp-text.ts'

type TextPayload = Extract<PayloadState, { readonly kind: 'text' }>

const utf8 = new TextEncoder()

/** The payload as it was captured. */
export function payloadBytes({ text, raw }: TextPayload): Uint8Array {
  return raw ?? utf8.encode(text)
}

/** What stands in the text view: the text, or in words what binary RTCP says. */
export function shownText({ text, raw }: TextPayload): string {
  return raw !== undefined && isRtcp(raw) ? rtcpText(parseRtcp(raw)) || text : text
}

/** Nothing of it can be read, but for its bytes. */
export function isBinary(payload: TextPayload): boolean {
  return payload.raw !== undefined && !isText(shownText(payload))
}

/** Why there is no text to show, in words; undefined if there is one. */
export function payloadNotice(payload: PayloadState): string | undefined {
  switch (payload.kind) {
    case 'text':
      return payload.text === '' && payload.raw === undefined ? 'This packet has no payload.' : undefined
    case 'loading':
      return 'Loading the message…'
    case 'forbidden':
      return 'The text of this message is not shown: the server or your user does not allow payloads.'
    case 'not-stored':
      return payload.isStoreOff
        ? 'The text of this message is not stored: this server keeps no messages, and the live stream came without payloads.'
        : 'The text of this message is not stored. It may have passed its retention, or the store lost it.'
    case 'failed':
      return `The text could not be loaded: ${payload.message}.`
  }
}
