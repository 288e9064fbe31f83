import { FLAG } from '../event/columns.ts'
import { type Call, type CallKind, type Evidence, MAX_AGENTS, MAX_ROUTE } from './call.ts'
import { EVIDENCE_OF_ANY_LEG, evidenceWords } from './evidence.ts'
import type { LegRecord } from './leg-record.ts'
import { type Line, Place } from './line.ts'
import type { Name } from './names.ts'
import type { RowReader } from './row-reader.ts'
import type { CallState, StateClass } from './state.ts'

/** Most legs of one call: a correlation id that everything shares must not make one call of everything. */
export const MAX_LEGS = 16

const NO_STRINGS: readonly string[] = []
const NO_NUMBERS: readonly number[] = []

/** A call while it grows. The tracker alone writes it. */
export class CallRecord implements Call {
  readonly id: string
  /** Order of creation. */
  readonly order: number
  readonly legs: LegRecord[]
  route: readonly string[] = NO_STRINGS
  agentIds: readonly number[] = NO_NUMBERS
  version = 0
  /** Among all calls. */
  readonly place = new Place<CallRecord>(this)
  /** Among those that may be evicted, and which of these; undefined while it may not. */
  readonly finishedPlace = new Place<CallRecord>(this)
  finishedIn: Line<CallRecord> | undefined
  /** What the counters have counted of it. */
  counted = 0
  #endpoints: readonly number[] = NO_NUMBERS
  /** Both ways of the last two hops, for most events take one of them. */
  #lastWay = 0
  #wayBefore = 0
  /** What leads to this call in the table of names: linked, newest first. */
  #name: Name<LegRecord, CallRecord> | undefined
  #nameCount = 0
  #aLeg: LegRecord

  constructor(order: number, leg: LegRecord) {
    this.id = leg.callId
    this.order = order
    this.legs = [leg]
    this.#aLeg = leg
  }

  get kind(): CallKind {
    return this.#aLeg.kind
  }

  get state(): CallState {
    return this.#aLeg.state
  }

  get stateClass(): StateClass {
    return this.#aLeg.stateClass
  }

  get statusCode(): number {
    return this.#aLeg.statusCode
  }

  get reason(): string {
    return this.#aLeg.reason
  }

  get method(): string {
    return this.#aLeg.method
  }

  get fromUser(): string {
    return this.#aLeg.fromUser
  }

  get fromHost(): string {
    return this.#aLeg.fromHost
  }

  get toUser(): string {
    return this.#aLeg.toUser
  }

  get toHost(): string {
    return this.#aLeg.toHost
  }

  get ruriUser(): string {
    return this.#aLeg.ruriUser
  }

  get firstUs(): number {
    let first = this.#aLeg.firstUs
    for (const { firstUs } of this.legs) if (firstUs < first) first = firstUs
    return first
  }

  get lastUs(): number {
    let last = 0
    for (const { lastUs } of this.legs) if (lastUs > last) last = lastUs
    return last
  }

  get ringAtUs(): number | undefined {
    return this.#aLeg.ringAtUs
  }

  get answerAtUs(): number | undefined {
    return this.#aLeg.answerAtUs
  }

  get endAtUs(): number | undefined {
    return this.#aLeg.endAtUs
  }

  get postDialDelayUs(): number | undefined {
    return this.#aLeg.postDialDelayUs
  }

  get ringUs(): number | undefined {
    return this.#aLeg.ringUs
  }

  get talkUs(): number | undefined {
    return this.#aLeg.talkUs
  }

  get disconnectUs(): number | undefined {
    return this.#aLeg.disconnectUs
  }

  get responseTimeUs(): number | undefined {
    return this.#aLeg.responseTimeUs
  }

  get hangupSide(): 'caller' | 'callee' | undefined {
    return this.#aLeg.hangupSide
  }

  get messageCount(): number {
    return this.#sum((leg) => leg.messageCount)
  }

  get retransmissionCount(): number {
    return this.#sum((leg) => leg.retransmissionCount)
  }

  get duplicateCount(): number {
    return this.#sum((leg) => leg.duplicateCount)
  }

  get evidence(): readonly Evidence[] {
    let bits = this.#aLeg.evidenceBits
    for (const leg of this.legs) bits |= leg.evidenceBits & EVIDENCE_OF_ANY_LEG
    return evidenceWords(bits)
  }

  get challengeCount(): number {
    return this.#aLeg.challengeCount
  }

  get userAgent(): string {
    return this.#aLeg.userAgent
  }

  get transport(): string {
    return this.#aLeg.transport
  }

  get codec(): string {
    return this.#aLeg.codec
  }

  get hasCodecMismatch(): boolean {
    return this.legs.some((leg) => leg.hasCodecMismatch)
  }

  /** True while something is still expected: such a call is evicted last. */
  get isOpen(): boolean {
    return this.#aLeg.isOpen
  }

  get hasOpenLeg(): boolean {
    return this.legs.some((leg) => leg.isOpen)
  }

  get isRunning(): boolean {
    return this.kind === 'call' && this.isOpen
  }

  /** Take the agent of an event and, of SIP, the endpoints: media go their own way, logs to a collector. */
  passBy(row: RowReader): void {
    const { block, row: at } = row
    const agentId = block.agentId[at] ?? 0
    if ((row.flags & FLAG.sip) === 0) {
      this.#addAgent(agentId)
      return
    }
    const way = (row.source + row.destination) ^ agentId
    if (way === this.#lastWay || way === this.#wayBefore) return
    this.#wayBefore = this.#lastWay
    this.#lastWay = way
    if (this.#isNewEndpoint(row.source)) {
      this.#addEndpoint(row.source, formatEndpoint(block.srcIp(at), block.srcPort[at] ?? 0))
    }
    if (this.#isNewEndpoint(row.destination)) {
      this.#addEndpoint(row.destination, formatEndpoint(block.dstIp(at), block.dstPort[at] ?? 0))
    }
    this.#addAgent(agentId)
  }

  #isNewEndpoint(hash: number): boolean {
    return !this.#endpoints.includes(hash) && this.#endpoints.length < MAX_ROUTE
  }

  // Lists are replaced, for one that grows by `push`, or is made by `...`, has room for 17 at once.
  #addEndpoint(hash: number, endpoint: string): void {
    this.#endpoints = this.#endpoints.concat(hash)
    this.route = this.route.concat(endpoint)
  }

  #addAgent(agentId: number): void {
    if (this.agentIds.includes(agentId) || this.agentIds.length === MAX_AGENTS) return
    this.agentIds = this.agentIds.concat(agentId)
  }

  get nameCount(): number {
    return this.#nameCount
  }

  addName(name: Name<LegRecord, CallRecord>): void {
    name.call = this
    name.nextOfCall = this.#name
    this.#name = name
    this.#nameCount++
  }

  /** Let go of a name that is to lead to another call. */
  removeName(name: Name<LegRecord, CallRecord>): void {
    let before: Name<LegRecord, CallRecord> | undefined
    for (let other = this.#name; other !== undefined; before = other, other = other.nextOfCall) {
      if (other !== name) continue
      if (before === undefined) this.#name = name.nextOfCall
      else before.nextOfCall = name.nextOfCall
      this.#nameCount--
      return
    }
  }

  /** Call `visit` for each name that still leads here. */
  forEachName(visit: (name: Name<LegRecord, CallRecord>) => void): void {
    let name = this.#name
    while (name !== undefined) {
      const next = name.nextOfCall
      if (name.call === this) visit(name)
      name = next
    }
  }

  addLeg(leg: LegRecord): void {
    this.legs.push(leg)
    this.arrange()
  }

  /** Take all that `other` has; `other` is of no use then. */
  absorb(other: CallRecord): void {
    this.legs.push(...other.legs)
    other.forEachName((name) => {
      this.addName(name)
    })
    other.route.forEach((endpoint, i) => {
      const hash = other.#endpoints[i] ?? 0
      if (this.#isNewEndpoint(hash)) this.#addEndpoint(hash, endpoint)
    })
    for (const agentId of other.agentIds) this.#addAgent(agentId)
    this.arrange()
  }

  /** Put the legs in order: that which others name first, then by time. */
  arrange(): void {
    const legs = this.legs
    for (let i = 1; i < legs.length; i++) {
      const leg = legs[i]
      const before = legs[i - 1]
      if (leg !== undefined && before !== undefined && compareLegs(before, leg) > 0) {
        legs.sort(compareLegs)
        break
      }
    }
    this.#aLeg = legs[0] ?? this.#aLeg
  }

  #sum(count: (leg: LegRecord) => number): number {
    let sum = 0
    for (const leg of this.legs) sum += count(leg)
    return sum
  }
}

function compareLegs(a: LegRecord, b: LegRecord): number {
  return rank(b) - rank(a) || a.firstUs - b.firstUs || (a.callId < b.callId ? -1 : 1)
}

function rank(leg: LegRecord): number {
  if (!leg.hasSip) return 0
  return leg.isNamed && !leg.namesAnother ? 2 : 1
}

function formatEndpoint(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
