import type { PayloadState } from '../ladder/ladder.svelte.ts'

/** Why there is no text to show, in words; undefined if there is one. */
export function payloadNotice(payload: PayloadState): string | undefined {
  switch (payload.kind) {
    case 'text':
      return payload.text === '' ? 'This packet has no payload.' : undefined
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
