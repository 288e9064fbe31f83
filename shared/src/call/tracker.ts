import type { EventBlock } from '../event/block.ts'
import { FLAG, TEXT, type TextColumn } from '../event/columns.ts'
import { PROTOCOL_TYPE } from '../hep/chunks.ts'
import { readCorrelation } from '../hep/correlation.ts'
import { readChunks } from '../hep/decode.ts'
import { withoutB2bSuffix } from './b2b-suffix.ts'
import { CallRecord, MAX_LEGS } from './call-record.ts'
import type { Call } from './call.ts'
import { CallCounters, type CallTotals } from './counters.ts'
import { EVIDENCE } from './evidence.ts'
import { LegRecord } from './leg-record.ts'
import { Line } from './line.ts'
import { isLink, isSameText } from './links.ts'
import { MediaIndex } from './media-index.ts'
import { type Name, NameTable } from './names.ts'
import { RowReader } from './row-reader.ts'
import { CHALLENGE_WAIT_US } from './verdict.ts'

export interface TrackerOptions {
  /** Most calls kept. */
  readonly maxCalls?: number
  /** Told when a call leaves: evicted, or joined into another, which is then `into`. */
  readonly onRemove?: (call: Call, into: Call | undefined) => void
  /** Told when a call changed by time or by a gap, without an event of its own. */
  readonly onChange?: (call: Call) => void
}

export const DEFAULT_MAX_CALLS = 50_000

/** Names that one call may have, so that a sender of ever new ids cannot fill the memory. */
const MAX_NAMES = 4 * MAX_LEGS
/** HEP protocol types whose correlation id is a Call-ID by convention: RTCP, RTP reports and logs. */
const CALL_ID_TYPES: ReadonlySet<number> = new Set([PROTOCOL_TYPE.rtcpJson, 34, 35, PROTOCOL_TYPE.log])

type LegName = Name<LegRecord, CallRecord>

/**
 * Follows calls through the events of all nodes and agents.
 *
 * Keeps state only, no messages. Events may come in any order, more than once, and from several hops. Legs (Call-IDs)
 * join into one call when one names the other by HEP correlation id, X-CID or a `_b2b-N` suffix, or when both have
 * the same correlation id that is not their own Call-ID, or when OpenSIPS' `correlate` names both. RTCP that names no
 * call is tied to the one whose SDP has its address.
 */
export class CallTracker {
  readonly #maxCalls: number
  readonly #onRemove: TrackerOptions['onRemove']
  readonly #onChange: TrackerOptions['onChange']
  readonly #names = new NameTable<LegRecord, CallRecord>()
  readonly #media = new MediaIndex()
  /** In order of creation. */
  readonly #calls = new Line<CallRecord>()
  /** Those that may leave, the first to finish first: calls, and what is not a call. */
  readonly #finishedCalls = new Line<CallRecord>()
  readonly #finishedOthers = new Line<CallRecord>()
  /** Those that `tick` looks at: all in which something is open, and some that have just ended. */
  readonly #ageing = new Set<CallRecord>()
  readonly #counters = new CallCounters()
  #row: RowReader | undefined
  #version = 0
  #order = 0
  #evictedCount = 0
  #nowUs = 0

  constructor(options: TrackerOptions = {}) {
    this.#maxCalls = Math.max(1, options.maxCalls ?? DEFAULT_MAX_CALLS)
    this.#onRemove = options.onRemove
    this.#onChange = options.onChange
  }

  /** Calls kept, those of every kind. */
  get size(): number {
    return this.#calls.size
  }

  get evictedCount(): number {
    return this.#evictedCount
  }

  /** Grows with every change of any call. */
  get version(): number {
    return this.#version
  }

  /** Live sums; see `CallRates` for figures per second. */
  get totals(): CallTotals {
    return this.#counters
  }

  /**
   * Take one event.
   *
   * @returns the call that it belongs to; undefined for one that names no call
   */
  apply(block: EventBlock, row: number): Call | undefined {
    this.#counters.events++
    const reader = (this.#row ??= new RowReader(block))
    reader.read(block, row)
    const isSip = (reader.flags & FLAG.sip) !== 0 && reader.has(TEXT.callId)
    return isSip ? this.#applySip(reader) : this.#applyOther(reader)
  }

  /** The call that has a leg with this Call-ID, or that a leg with another one says it belongs to. */
  find(callId: string): Call | undefined {
    const bytes = new TextEncoder().encode(callId)
    return this.#names.find(bytes, 0, bytes.length)?.call
  }

  /** In order of creation. */
  *calls(): IterableIterator<Call> {
    let place = this.#calls.first
    while (place !== undefined) {
      const { item, after } = place
      yield item
      place = after
    }
  }

  /**
   * Events were lost on the way to us: calls that ran meanwhile are incomplete.
   *
   * @param fromUs time of the last event before the gap
   * @param toUs time of the first one after
   * @param count lost events
   */
  noteGap(fromUs: number, toUs: number, count: number): void {
    this.#counters.missing += count
    for (let place = this.#calls.first; place !== undefined; place = place.after) {
      const call = place.item
      if (call.firstUs > toUs || (!call.isOpen && call.lastUs < fromUs)) continue
      let changed = false
      for (const leg of call.legs) if (leg.mark(EVIDENCE.gapInside)) changed = true
      if (!changed) continue
      this.#changed(call)
      this.#onChange?.(call)
    }
  }

  /**
   * Let time pass: about once a second while live, once at the end of a file.
   *
   * @param nowUs the caller's clock, microseconds since 1970; events count as heard at the latest tick
   */
  tick(nowUs: number): void {
    this.#nowUs = nowUs
    for (const call of this.#ageing) {
      if (!call.hasOpenLeg) {
        this.#ageing.delete(call)
        continue
      }
      let changed = false
      for (const leg of call.legs) if (leg.isOpen && leg.age(nowUs)) changed = true
      if (call.legs.length > 1 && markUnendedLegs(call, nowUs)) changed = true
      if (!changed) continue
      this.#changed(call)
      this.#onChange?.(call)
    }
  }

  /** Forget all calls. Totals stay. */
  clear(): void {
    for (let place = this.#calls.first; place !== undefined; place = place.after) this.#counters.forget(place.item)
    this.#calls.clear()
    this.#finishedCalls.clear()
    this.#finishedOthers.clear()
    this.#ageing.clear()
    this.#names.clear()
    this.#media.clear()
    this.#version++
  }

  #applySip(row: RowReader): Call {
    const name = this.#nameOf(row, TEXT.callId) ?? this.#addName(row, TEXT.callId)
    const leg = name.leg ?? this.#addLeg(name, row.text(TEXT.callId))
    const repeats = leg.retransmissionCount
    leg.apply(row, this.#nowUs)
    this.#counters.retransmissions += leg.retransmissionCount - repeats
    if (leg.kind === 'call') this.#link(name, leg, row)
    const sdp = (row.flags & FLAG.sdp) === 0 ? undefined : this.#media.learn(row.block, row.row)
    if (sdp !== undefined) leg.noteSdp(row, sdp)
    const call = name.call
    call.passBy(row)
    if (call.legs.length > 1) call.arrange()
    this.#changed(call)
    return call
  }

  #applyOther(row: RowReader): Call | undefined {
    const proto = row.block.proto[row.row] ?? 0
    if (proto === PROTOCOL_TYPE.openSipsControl) {
      this.#correlate(row)
      return undefined
    }
    const isNamed = isLink(row, TEXT.correlationId)
    let name = isNamed ? this.#nameOf(row, TEXT.correlationId) : this.#nameOfMedia(row)
    if (name === undefined) {
      if (!isNamed) return undefined
      if (!CALL_ID_TYPES.has(proto)) return undefined
      name = this.#addName(row, TEXT.correlationId)
    }
    const call = name.call
    const leg = name.leg ?? call.legs[0]
    leg?.note(row.tsUs, this.#nowUs)
    call.passBy(row)
    this.#changed(call)
    return call
  }

  /** The call whose SDP has the address that an RTCP or RTP report came from or went to. */
  #nameOfMedia(row: RowReader): LegName | undefined {
    const match = this.#media.find(row.block, row.row)
    return match === undefined ? undefined : this.#nameOfText(match.callId)
  }

  #nameOfText(text: string): LegName | undefined {
    const bytes = new TextEncoder().encode(text)
    return this.#names.find(bytes, 0, bytes.length)
  }

  /**
   * OpenSIPS' `correlate`: Call-IDs of one call. Ids of other kinds (`net`, `mi`) name no leg. It is about the call and
   * no message of it, so it does not count as one.
   */
  #correlate(row: RowReader): void {
    const chunks = readChunks(row.block.textBytes(TEXT.extra, row.row))
    const callIds = readCorrelation({ chunks })
      .extra.filter(({ type }) => type.startsWith('sip'))
      .slice(0, MAX_LEGS)
    const known = callIds.map(({ id }) => this.#nameOfText(id)).find((name) => name !== undefined)
    if (known === undefined) return
    for (const { id } of callIds) {
      const name = this.#nameOfText(id)
      if (name !== undefined && name.call !== known.call) this.#join(known.call, name.call)
      // A leg that was not heard of yet belongs to this call once it comes.
      if (name === undefined && known.call.nameCount < MAX_NAMES) {
        const bytes = new TextEncoder().encode(id)
        known.call.addName(this.#names.add(bytes, 0, bytes.length, id, known.call))
      }
    }
  }

  #nameOf(row: RowReader, column: TextColumn): LegName | undefined {
    const { block } = row
    const i = row.row + column * block.rows
    const at = block.textAt[i] ?? 0
    return this.#names.find(block.arena, at, at + (block.textLength[i] ?? 0))
  }

  /** A name that nothing had yet: a new call with one leg. */
  #addName(row: RowReader, column: TextColumn): LegName {
    const bytes = row.block.textBytes(column, row.row)
    const callId = row.text(column)
    const leg = new LegRecord(callId)
    const call = this.#addCall(leg)
    const name = this.#names.add(bytes, 0, bytes.length, callId, call)
    name.leg = leg
    call.addName(name)
    return name
  }

  /** The leg of a name that was only named by others so far. */
  #addLeg(name: LegName, callId: string): LegRecord {
    const leg = new LegRecord(callId)
    leg.isNamed = true
    name.leg = leg
    if (name.call.legs.length < MAX_LEGS) {
      name.call.addLeg(leg)
      this.#ageing.add(name.call)
    } else {
      // Before the new call: making room for it may evict the one that has the name, with all its names.
      name.call.removeName(name)
      this.#addCall(leg).addName(name)
    }
    return leg
  }

  #addCall(leg: LegRecord): CallRecord {
    if (this.#calls.size >= this.#maxCalls) this.#evict()
    const call = new CallRecord(++this.#order, leg)
    this.#calls.add(call.place)
    this.#ageing.add(call)
    return call
  }

  /** Join the leg's call with those that its ids name. */
  #link(name: LegName, leg: LegRecord, row: RowReader): void {
    if (!leg.isSuffixLinked) {
      leg.isSuffixLinked = true
      const aLegId = withoutB2bSuffix(leg.callId)
      if (aLegId !== leg.callId) {
        this.#linkTo(name, leg, new TextEncoder().encode(aLegId), aLegId)
      }
    }
    if (row.has(TEXT.correlationId) && !isSameText(row, TEXT.correlationId, TEXT.callId)) {
      const hash = row.hash(TEXT.correlationId)
      if (hash !== leg.linkedCorrelation && isLink(row, TEXT.correlationId)) {
        leg.linkedCorrelation = hash
        this.#linkTo(name, leg, row.block.textBytes(TEXT.correlationId, row.row), row.text(TEXT.correlationId))
      }
    }
    if (row.has(TEXT.aLegId) && !isSameText(row, TEXT.aLegId, TEXT.callId)) {
      const hash = row.hash(TEXT.aLegId)
      if (hash !== leg.linkedALeg && isLink(row, TEXT.aLegId)) {
        leg.linkedALeg = hash
        this.#linkTo(name, leg, row.block.textBytes(TEXT.aLegId, row.row), row.text(TEXT.aLegId))
      }
    }
  }

  #linkTo(name: LegName, leg: LegRecord, bytes: Uint8Array, text: string): void {
    leg.namesAnother = true
    const other = this.#names.find(bytes, 0, bytes.length)
    if (other === undefined) {
      const { call } = name
      if (call.nameCount < MAX_NAMES) call.addName(this.#names.add(bytes, 0, bytes.length, text, call))
      return
    }
    if (other.leg !== undefined) other.leg.isNamed = true
    if (other.call !== name.call) this.#join(other.call, name.call)
  }

  #join(a: CallRecord, b: CallRecord): void {
    if (a.legs.length + b.legs.length > MAX_LEGS) return
    const [older, younger] = a.order < b.order ? [a, b] : [b, a]
    this.#drop(younger)
    this.#counters.cancel(younger)
    older.absorb(younger)
    this.#ageing.add(older)
    this.#changed(older)
    this.#onRemove?.(younger, older)
  }

  /**
   * Make room for one call. Calls, and what is no call, may each fill half of the room when both are many: else the
   * registrations and OPTIONS of an hour would push out the calls of the same hour.
   */
  #evict(): void {
    const others = this.#finishedOthers
    const finished = others.size >= this.#finishedCalls.size ? others : this.#finishedCalls
    const call = finished.first?.item ?? this.#calls.first?.item
    if (call === undefined) return
    call.forEachName((name) => {
      this.#names.remove(name)
    })
    this.#drop(call)
    this.#counters.forget(call)
    this.#evictedCount++
    this.#onRemove?.(call, undefined)
  }

  #drop(call: CallRecord): void {
    this.#calls.remove(call.place)
    this.#leaveFinished(call)
    this.#ageing.delete(call)
  }

  #changed(call: CallRecord): void {
    call.version = ++this.#version
    this.#counters.recount(call)
    if (call.isOpen) {
      if (call.finishedIn === undefined) return
      this.#leaveFinished(call)
      this.#ageing.add(call)
      return
    }
    const finished = call.kind === 'call' ? this.#finishedCalls : this.#finishedOthers
    // What is no call goes to the end each time: a registration that is kept up is not old.
    if (finished === this.#finishedCalls && call.finishedIn === finished) return
    this.#leaveFinished(call)
    call.finishedIn = finished
    finished.add(call.finishedPlace)
  }

  #leaveFinished(call: CallRecord): void {
    call.finishedIn?.remove(call.finishedPlace)
    call.finishedIn = undefined
  }
}

/** A leg that goes on while another of the same call ended some time ago must have ended as well. */
function markUnendedLegs(call: CallRecord, nowUs: number): boolean {
  const ended = call.legs.some((leg) => leg.state === 'ended' && leg.idleUs(nowUs) > CHALLENGE_WAIT_US)
  if (!ended) return false
  let changed = false
  for (const leg of call.legs) if (leg.state === 'in-call' && leg.mark(EVIDENCE.byeNotSeen)) changed = true
  return changed
}
