import { TEXT } from '../event/columns.ts'
import type { Sdp } from '../sip/sdp.ts'
import { CodecFacts } from './codecs.ts'
import type { CallKind, Evidence, Leg } from './call.ts'
import { EVIDENCE, evidenceWords } from './evidence.ts'
import { InviteFacts } from './invite-facts.ts'
import { kindOf, METHOD, outranks } from './kind.ts'
import { RequestFacts } from './request-facts.ts'
import { type Sight, SightLog } from './retransmission.ts'
import type { RowReader } from './row-reader.ts'
import { type CallState, STATE_CLASS, type StateClass } from './state.ts'
import { transportOf } from './transport.ts'
import { type Facts, SETUP_SILENT_US, TALK_SILENT_US, Verdict } from './verdict.ts'

/** Not acceptable here, and nowhere. */
const REFUSED_MEDIA: ReadonlySet<number> = new Set([488, 606])

/** From which kind of message the parties were taken, the worse first. */
const PARTIES = { none: 0, any: 1, openingRequest: 2 } as const

/** A leg while it grows. The tracker alone writes it. */
export class LegRecord implements Leg {
  readonly callId: string
  kind: CallKind = 'other'
  method = ''
  userAgent = ''
  transport = ''
  fromUser = ''
  fromHost = ''
  toUser = ''
  toHost = ''
  ruriUser = ''
  firstUs = 0
  lastUs = 0
  stateClass: StateClass = STATE_CLASS.unknown
  messageCount = 0
  retransmissionCount = 0
  duplicateCount = 0
  hasSip = false
  /** Another leg names it as its A leg; it names another. */
  isNamed = false
  namesAnother = false
  isSuffixLinked = false
  /** Hashes of the names that were handled last, so that each is handled once. */
  linkedCorrelation = 0
  linkedALeg = 0
  readonly #sights = new SightLog()
  readonly #verdict = new Verdict()
  #facts: Facts | undefined
  #codecs: CodecFacts | undefined
  /** Latest request within a dialog of which nothing else is known yet. */
  #inDialogUs = 0
  #parties: number = PARTIES.none
  #partiesUs = 0
  /** The clock of `tick` when the last event came: agents' clocks may be wrong by hours. */
  #heardUs = 0
  #evidence = 0

  constructor(callId: string) {
    this.callId = callId
  }

  get state(): CallState {
    return this.#verdict.state
  }

  get statusCode(): number {
    return this.#verdict.statusCode
  }

  get reason(): string {
    return this.#verdict.reason
  }

  get ringAtUs(): number | undefined {
    return seen(this.#verdict.ringAtUs)
  }

  get answerAtUs(): number | undefined {
    return seen(this.#verdict.answerAtUs)
  }

  get endAtUs(): number | undefined {
    return seen(this.#verdict.endAtUs)
  }

  get postDialDelayUs(): number | undefined {
    const { requestUs, ringAtUs, answerAtUs } = this.#verdict
    return this.kind === 'call' ? between(requestUs, ringAtUs || answerAtUs) : undefined
  }

  get ringUs(): number | undefined {
    const { ringAtUs, answerAtUs, endAtUs } = this.#verdict
    return between(ringAtUs, answerAtUs || endAtUs)
  }

  get talkUs(): number | undefined {
    return between(this.#verdict.answerAtUs, this.#verdict.endAtUs)
  }

  get disconnectUs(): number | undefined {
    return between(this.#verdict.endAtUs, this.#verdict.byeAnsweredUs)
  }

  get responseTimeUs(): number | undefined {
    return between(this.#verdict.requestUs, this.#verdict.respondedUs)
  }

  get hangupSide(): 'caller' | 'callee' | undefined {
    return this.#verdict.hangupSide
  }

  get challengeCount(): number {
    return this.#verdict.challengeCount
  }

  get codec(): string {
    return this.#codecs?.codec ?? ''
  }

  get hasCodecMismatch(): boolean {
    return REFUSED_MEDIA.has(this.statusCode) || this.#codecs?.isMismatch === true
  }

  get evidence(): readonly Evidence[] {
    return evidenceWords(this.evidenceBits)
  }

  get evidenceBits(): number {
    return this.#verdict.evidence | this.#evidence
  }

  /** True while something is still expected, and something was heard lately. */
  get isOpen(): boolean {
    if ((this.#evidence & EVIDENCE.silent) !== 0) return false
    return this.stateClass === 'wait' || this.state === 'in-call'
  }

  /** How long nothing was heard. */
  idleUs(nowUs: number): number {
    return nowUs - (this.#heardUs || this.lastUs)
  }

  /** Count an event that is not SIP. */
  note(tsUs: number, nowUs: number): void {
    this.messageCount++
    this.#hear(tsUs, nowUs)
  }

  /**
   * Take one SIP message.
   *
   * @param nowUs clock of the last `tick`, 0 if there was none
   */
  apply(row: RowReader, nowUs: number): void {
    const sight = this.#sights.judge(row.fingerprint, row.observer, row.tsUs)
    this.#count(sight)
    this.#hear(row.tsUs, nowUs)
    const isInDialog = row.isRequest && row.has(TEXT.toTag)
    const kind = kindOf(row.method, isInDialog)
    if (this.#facts === undefined || outranks(kind, this.kind)) this.#become(kind, row.method)
    if (isInDialog && this.kind !== 'call') this.#inDialogUs = Math.max(this.#inDialogUs, row.tsUs)
    this.#readParties(row, kind, isInDialog)
    this.#facts?.apply(row, sight)
    this.#judge()
  }

  /**
   * Let time pass.
   *
   * @returns true if something that a reader can see may have changed
   */
  age(nowUs: number): boolean {
    const idleUs = this.idleUs(nowUs)
    const changed = this.#facts?.age(idleUs) === true
    if (changed) this.#judge()
    return (idleUs > this.#silenceLimitUs() && this.mark(EVIDENCE.silent)) || changed
  }

  #silenceLimitUs(): number {
    if (this.stateClass === 'wait') return SETUP_SILENT_US
    return this.state === 'in-call' ? TALK_SILENT_US : Infinity
  }

  /** Add evidence that the leg's own messages do not show. */
  mark(evidence: number): boolean {
    if ((this.#evidence & evidence) === evidence) return false
    this.#evidence |= evidence
    return true
  }

  #count(sight: Sight): void {
    if (sight === 'first') this.messageCount++
    else if (sight === 'retransmission') this.retransmissionCount++
    else this.duplicateCount++
  }

  #hear(tsUs: number, nowUs: number): void {
    if (this.firstUs === 0 || tsUs < this.firstUs) this.firstUs = tsUs
    if (tsUs > this.lastUs) this.lastUs = tsUs
    this.#heardUs = nowUs
    this.#evidence &= ~(EVIDENCE.silent | EVIDENCE.byeNotSeen)
  }

  #become(kind: CallKind, method: number): void {
    this.kind = kind
    this.hasSip = true
    this.#facts =
      kind === 'call' ? new InviteFacts(this.#inDialogUs) : new RequestFacts(kind, DECIDING_METHOD[kind] ?? method)
    this.#parties = PARTIES.none
  }

  #readParties(row: RowReader, kind: CallKind, isInDialog: boolean): void {
    const isOpening = row.isRequest && !isInDialog && kind === this.kind && row.method !== METHOD.cancel
    const rank = isOpening ? PARTIES.openingRequest : PARTIES.any
    if (rank < this.#parties || (rank === this.#parties && row.tsUs >= this.#partiesUs)) return
    this.#parties = rank
    this.#partiesUs = row.tsUs
    this.fromUser = row.text(TEXT.fromUser)
    this.fromHost = row.commonText(TEXT.fromHost)
    this.toUser = row.text(TEXT.toUser)
    this.toHost = row.commonText(TEXT.toHost)
    if (!isOpening) return
    this.ruriUser = row.textLike(TEXT.ruriUser, this.toUser)
    this.method = row.block.methodName(row.row)
    this.userAgent = row.commonText(TEXT.userAgent)
    this.transport = transportOf(row.block, row.row)
  }

  /** Take the SDP of a message that `apply` took. */
  noteSdp(row: RowReader, sdp: Sdp): void {
    if (this.kind === 'call') (this.#codecs ??= new CodecFacts()).note(row, sdp)
  }

  #judge(): void {
    this.#verdict.reset()
    this.#facts?.judge(this.#verdict)
    this.stateClass = STATE_CLASS[this.#verdict.state]
  }
}

const DECIDING_METHOD: Readonly<Partial<Record<CallKind, number>>> = {
  registration: METHOD.register,
  subscription: METHOD.subscribe,
  options: METHOD.options,
  message: METHOD.message,
}

function seen(us: number): number | undefined {
  return us === 0 ? undefined : us
}

/** Time from one moment to a later one; undefined if either was not seen. Clocks of two agents may disagree: never below 0. */
function between(fromUs: number, toUs: number): number | undefined {
  return fromUs === 0 || toUs === 0 ? undefined : Math.max(0, toUs - fromUs)
}
