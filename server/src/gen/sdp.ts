import type { Party } from './party.ts'

export type SdpDirection = 'sendrecv' | 'sendonly' | 'recvonly'

interface Codec {
  readonly payloadType: number
  readonly rtpmap: string
}

const CODECS: ReadonlyMap<string, Codec> = new Map([
  ['PCMU', { payloadType: 0, rtpmap: 'PCMU/8000' }],
  ['PCMA', { payloadType: 8, rtpmap: 'PCMA/8000' }],
  ['G722', { payloadType: 9, rtpmap: 'G722/8000' }],
  ['opus', { payloadType: 107, rtpmap: 'opus/48000/2' }],
])
const TELEPHONE_EVENT = 101

/** One party's view of a media session: its id stays, its version counts the descriptions. */
export class SdpSession {
  readonly #party: Party
  readonly #id: number
  #version = 0

  constructor(party: Party, id: number) {
    this.#party = party
    this.#id = id
  }

  /** Describes all codecs of the party. */
  offer(direction: SdpDirection = 'sendrecv'): string {
    return this.#describe(this.#party.codecs, direction)
  }

  /** Describes the first codec of `offeredTo` that the party has too. */
  answer(offeredTo: readonly string[], direction: SdpDirection = 'sendrecv'): string {
    const common = offeredTo.find((codec) => this.#party.codecs.includes(codec)) ?? 'PCMA'
    return this.#describe([common], direction)
  }

  #describe(names: readonly string[], direction: SdpDirection): string {
    const codecs = names.flatMap((name) => CODECS.get(name) ?? [])
    const { ip, port } = this.#party.media
    const family = ip.includes(':') ? 'IP6' : 'IP4'
    const formats = codecs.map(({ payloadType }) => payloadType).join(' ')
    const lines = [
      'v=0',
      `o=- ${this.#id} ${this.#id + this.#version++} IN ${family} ${ip}`,
      's=-',
      `c=IN ${family} ${ip}`,
      't=0 0',
      `m=audio ${port} RTP/AVP ${formats} ${TELEPHONE_EVENT}`,
      ...codecs.map(({ payloadType, rtpmap }) => `a=rtpmap:${payloadType} ${rtpmap}`),
      `a=rtpmap:${TELEPHONE_EVENT} telephone-event/8000`,
      `a=fmtp:${TELEPHONE_EVENT} 0-16`,
      `a=${direction}`,
    ]
    return lines.join('\r\n') + '\r\n'
  }
}
