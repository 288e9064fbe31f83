import { unwrapSip } from '@hepscope/shared/payload/parts.ts'
import { type Sdp, type SdpMedia, sdpOfMessage } from '@hepscope/shared/sip/sdp.ts'
import type { LadderMessage } from './message.ts'

const read = new WeakMap<LadderMessage, { readonly sdp: Sdp | undefined }>()
const utf8 = new TextEncoder()

/** The session description of a message, read once; undefined if it has none or its payload is not here. */
export function sdpOf(message: LadderMessage): Sdp | undefined {
  if (!message.hasSdp || message.payload === undefined) return undefined
  let known = read.get(message)
  if (known === undefined) read.set(message, (known = { sdp: sdpOfMessage(unwrapSip(utf8.encode(message.payload))) }))
  return known.sdp
}

/** The media that a description is about: its first audio, else its first of any kind. */
export function mainMedia(sdp: Sdp): SdpMedia | undefined {
  return sdp.media.find(({ type }) => type === 'audio') ?? sdp.media[0]
}

const NO_SPEECH: ReadonlySet<string> = new Set(['telephone-event', 'cn', 'red'])

/** Codec names in order of preference, without those that carry no speech. */
export function codecNames(media: SdpMedia): string[] {
  const names = media.codecs.flatMap(({ name, payloadType }) => {
    const text = name ?? `payload type ${payloadType}`
    return NO_SPEECH.has(text.toLowerCase()) ? [] : [text]
  })
  return [...new Set(names)]
}

/** `10.0.0.5:4000`, `[2001:db8::5]:4000`; `''` where none is named. */
export function mediaAddress({ address = '', port }: SdpMedia): string {
  if (address === '') return ''
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Nothing flows towards the sender of this description: what people call hold. */
export function isHeld(media: SdpMedia): boolean {
  return media.direction === 'sendonly' || media.direction === 'inactive' || media.address === '0.0.0.0'
}
