import type { Sdp } from '../sip/sdp.ts'
import { METHOD } from './kind.ts'
import type { RowReader } from './row-reader.ts'

/** Most hops and forks whose SDP is compared. */
const MAX_HOPS = 8
/** Carried beside speech, so having them in common is no agreement. */
const NO_SPEECH: ReadonlySet<string> = new Set(['telephone-event', 'cn', 'red'])

/** What one hop of the INVITE says of audio. */
interface Hop {
  readonly branch: number
  readonly cseq: number
  firstUs: number
  /** Names of the codecs in the order of preference; undefined where none was seen. */
  offer: readonly string[] | undefined
  answer: readonly string[] | undefined
  answerUs: number
  next: Hop | undefined
}

/** Offers and answers of a leg's INVITEs, hop by hop, for an element on the way may change them. */
export class CodecFacts {
  #hops: Hop | undefined

  /** Take the SDP of an INVITE or of an answer to it; of other messages nothing. */
  note(row: RowReader, sdp: Sdp): void {
    if (row.method !== METHOD.invite) return
    const audio = sdp.media.find(({ type }) => type === 'audio')
    if (audio === undefined) return
    const names = audio.port === 0 ? [] : audio.codecs.map(({ name, payloadType }) => name ?? String(payloadType))
    const hop = this.#hopOf(row)
    if (hop === undefined) return
    if (row.isRequest) hop.offer = names
    else if (row.statusCode < 300 && (hop.answer === undefined || row.tsUs >= hop.answerUs)) {
      hop.answer = names
      hop.answerUs = row.tsUs
    }
  }

  #hopOf({ branch, cseq, tsUs }: RowReader): Hop | undefined {
    let count = 0
    for (let hop = this.#hops; hop !== undefined; hop = hop.next) {
      if (hop.branch === branch && hop.cseq === cseq) {
        hop.firstUs = Math.min(hop.firstUs, tsUs)
        return hop
      }
      count++
    }
    if (count === MAX_HOPS) return undefined
    this.#hops = { branch, cseq, firstUs: tsUs, offer: undefined, answer: undefined, answerUs: 0, next: this.#hops }
    return this.#hops
  }

  /** First audio codec of the first hop's answer, or else of its offer; `''` if there is none. */
  get codec(): string {
    let first: Hop | undefined
    for (let hop = this.#hops; hop !== undefined; hop = hop.next) {
      const isBetter =
        first === undefined ||
        (hop.answer === undefined) < (first.answer === undefined) ||
        ((hop.answer === undefined) === (first.answer === undefined) && hop.firstUs < first.firstUs)
      if (isBetter) first = hop
    }
    return (first?.answer ?? first?.offer ?? []).find((name) => !NO_SPEECH.has(name.toLowerCase())) ?? ''
  }

  /** An answer has none of the codecs that its offer has. */
  get isMismatch(): boolean {
    for (let hop = this.#hops; hop !== undefined; hop = hop.next) {
      const { offer, answer } = hop
      if (offer === undefined || answer === undefined || speech(offer).length === 0) continue
      const offered = new Set(speech(offer))
      if (!speech(answer).some((name) => offered.has(name))) return true
    }
    return false
  }
}

function speech(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase()).filter((name) => !NO_SPEECH.has(name))
}
