import type { Sdp, SdpMedia } from '@hepscope/shared/sip/sdp.ts'
import type { LadderMessage } from './message.ts'
import { codecNames, isHeld, mainMedia, mediaAddress, sdpOf } from './sdp-text.ts'

/** What a description means where it stands. */
export interface SdpFact {
  readonly role: 'offer' | 'answer'
  /** Codecs in order of preference. */
  readonly codecs: readonly string[]
  /** Where its sender wants media; `''` if it names no address. */
  readonly address: string
  readonly direction: string
  /** What it changes, compared with the one before from the same side over the same hop. */
  readonly change: 'hold' | 'resume' | 'address' | undefined
  /** An answer without a codec of the offer, or that refuses the media. */
  readonly isMismatch: boolean
}

/** A step of the negotiation of one leg. */
export interface StoryStep {
  /** Of the message that it happens with. */
  readonly key: string
  readonly tsUs: number
  readonly callId: string
  readonly kind: 'agreed' | 'hold' | 'resume' | 'address' | 'mismatch' | 'unanswered'
  /** Codec, address or side that it is about. */
  readonly text: string
}

export interface SdpStory {
  readonly facts: ReadonlyMap<LadderMessage, SdpFact>
  /** Of the first hop of each leg, by time. */
  readonly steps: readonly StoryStep[]
  /** Endpoint (`ip port`) that announced a media address (`ip port`) first. */
  readonly owners: ReadonlyMap<string, string>
  /** Codec and clock of the media at an address (`ip port`). */
  readonly codecs: ReadonlyMap<string, MediaCodec>
}

export interface MediaCodec {
  readonly codec?: string
  readonly clockRateHz?: number
}

/** Codec of the media that a report is about, by the address that it comes from or goes to. */
export function codecOf(
  { codecs }: SdpStory,
  { srcIp, srcPort, dstIp, dstPort }: LadderMessage,
): MediaCodec | undefined {
  return codecs.get(`${srcIp} ${srcPort}`) ?? codecs.get(`${dstIp} ${dstPort}`)
}

/** Offer and answer over one hop of one leg. */
interface Hop {
  readonly callId: string
  /** Latest description of each side, by `ip port` of the sender. */
  readonly sides: Map<string, SdpMedia>
  offer: { readonly side: string; readonly media: SdpMedia; readonly message: LadderMessage } | undefined
  /** What was agreed on last. */
  agreed: string
}

/**
 * Follow offers and answers.
 *
 * A description in a request is an offer, and so is one in an answer to an INVITE that had none; what the other side
 * sends next is its answer.
 *
 * @param messages by time, without repeats and copies
 * @see RFC 3264 section 4, RFC 6337 section 2
 */
export function sdpStory(messages: readonly LadderMessage[]): SdpStory {
  const facts = new Map<LadderMessage, SdpFact>()
  const steps: StoryStep[] = []
  const owners = new Map<string, string>()
  const codecs = new Map<string, MediaCodec>()
  const hops = new Map<string, Hop>()
  const firstHops = new Map<string, Hop>()
  const offered = new Set<string>()
  for (const message of messages) {
    const sdp = sdpOf(message)
    const media = sdp === undefined ? undefined : mainMedia(sdp)
    if (sdp === undefined || media === undefined) continue
    const hop = hopOf(message, hops)
    const isFirstHop = hopIsFirst(hop, firstHops)
    noteMedia(sdp, message, owners, codecs)
    const fact = follow(message, media, hop, offered)
    facts.set(message, fact)
    if (isFirstHop) steps.push(...stepsOf(message, fact, hop))
    if (fact.role === 'answer') hop.offer = undefined
  }
  for (const { offer, callId } of firstHops.values()) {
    if (offer === undefined) continue
    const { key, tsUs } = offer.message
    steps.push({ key, tsUs, callId, kind: 'unanswered', text: codecNames(offer.media).join(' ') })
  }
  return { facts, steps: steps.sort((a, b) => a.tsUs - b.tsUs), owners, codecs }
}

function hopOf({ callId, srcIp, srcPort, dstIp, dstPort }: LadderMessage, hops: Map<string, Hop>): Hop {
  const [source, destination] = [`${srcIp} ${srcPort}`, `${dstIp} ${dstPort}`]
  const pair = source < destination ? `${source} ${destination}` : `${destination} ${source}`
  const key = `${pair} ${callId}`
  let hop = hops.get(key)
  if (hop === undefined) hops.set(key, (hop = { callId, sides: new Map(), offer: undefined, agreed: '' }))
  return hop
}

function hopIsFirst(hop: Hop, firstHops: Map<string, Hop>): boolean {
  const first = firstHops.get(hop.callId)
  if (first === undefined) firstHops.set(hop.callId, hop)
  return first === undefined || first === hop
}

/** @param offered transactions whose request brought an offer */
function follow(message: LadderMessage, media: SdpMedia, hop: Hop, offered: Set<string>): SdpFact {
  const { srcIp, srcPort, statusCode, method, cseqNumber, callId, branch } = message
  const side = `${srcIp} ${srcPort}`
  const transaction = `${method} ${cseqNumber} ${branch} ${callId}`
  const isLateAnswer = (method === 'ACK' || method === 'PRACK') && hop.offer !== undefined && hop.offer.side !== side
  const role = statusCode === 0 ? (isLateAnswer ? 'answer' : 'offer') : offered.has(transaction) ? 'answer' : 'offer'
  if (role === 'offer' && statusCode === 0) offered.add(transaction)
  const before = hop.sides.get(side)
  hop.sides.set(side, media)
  const codecs = codecNames(media)
  const offer = role === 'answer' ? hop.offer : undefined
  const isMismatch =
    role === 'answer' && (media.port === 0 || (offer !== undefined && !shareCodec(codecs, codecNames(offer.media))))
  const fact: SdpFact = {
    role,
    codecs,
    address: mediaAddress(media),
    direction: media.direction,
    change: changeOf(before, media, role),
    isMismatch,
  }
  if (role === 'offer') hop.offer = { side, media, message }
  return fact
}

function changeOf(before: SdpMedia | undefined, now: SdpMedia, role: SdpFact['role']): SdpFact['change'] {
  // The answer to a hold is `recvonly`, which holds nothing.
  if (role === 'offer' && isHeld(now) !== (before !== undefined && isHeld(before)))
    return isHeld(now) ? 'hold' : 'resume'
  if (before === undefined || now.address === '0.0.0.0' || before.address === '0.0.0.0') return undefined
  return mediaAddress(before) !== mediaAddress(now) && now.port !== 0 ? 'address' : undefined
}

function shareCodec(a: readonly string[], b: readonly string[]): boolean {
  const lower = b.map((name) => name.toLowerCase())
  return a.some((name) => lower.includes(name.toLowerCase()))
}

function stepsOf(message: LadderMessage, fact: SdpFact, hop: Hop): StoryStep[] {
  const { key, tsUs, callId, srcIp } = message
  const step = (kind: StoryStep['kind'], text: string): StoryStep => ({ key, tsUs, callId, kind, text })
  if (fact.isMismatch) return [step('mismatch', fact.codecs.join(' '))]
  const found: StoryStep[] = []
  if (fact.change !== undefined) found.push(step(fact.change, fact.change === 'address' ? fact.address : srcIp))
  const codec = fact.codecs[0]
  if (fact.role === 'answer' && codec !== undefined && codec !== hop.agreed) {
    hop.agreed = codec
    found.push(step('agreed', codec))
  }
  return found
}

/** Remember whose media an address is, as RTCP that comes from it, or from the port behind it, does not say so. */
function noteMedia(
  sdp: Sdp,
  { srcIp, srcPort }: LadderMessage,
  owners: Map<string, string>,
  codecs: Map<string, MediaCodec>,
): void {
  for (const media of sdp.media) {
    if (media.address === undefined || media.port === 0) continue
    const codec = media.codecs.find(({ name }) => name !== undefined && name !== 'telephone-event')
    for (const port of new Set([media.port, media.port + 1, media.rtcpPort ?? media.port])) {
      const key = `${media.address} ${port}`
      // An address that its own host announces is surer than one that a proxy passes on; so is the earlier one.
      if (!owners.has(key) || (srcIp === media.address && !isOwn(owners.get(key), media.address))) {
        owners.set(key, `${srcIp} ${srcPort}`)
      }
      if (codec !== undefined) {
        codecs.set(key, {
          ...(codec.name !== undefined && { codec: codec.name }),
          ...(codec.clockRateHz !== undefined && { clockRateHz: codec.clockRateHz }),
        })
      }
    }
  }
}

function isOwn(owner: string | undefined, ip: string): boolean {
  return owner?.startsWith(`${ip} `) === true
}
