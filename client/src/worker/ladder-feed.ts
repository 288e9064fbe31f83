import { fromBlock } from '../app/ladder/from-block.ts'
import { type BlockRing, type EventRef, rowOf } from './block-ring.ts'
import type { CallBook } from './call-book.ts'
import type { CallRecord } from './call-record.ts'
import type { CallRow, GapNotice, LadderUpdate } from './protocol.ts'

/** Most events of one update; the rest follows in the next frames. */
const UPDATE_EVENTS = 2000
const MAX_GAPS = 200

/** Collects what the open ladder does not have yet. */
export class LadderFeed {
  readonly #ring: BlockRing
  readonly #book: CallBook
  readonly #findStored: (callId: string) => CallRow | undefined
  #asked: readonly string[] = []
  #open = new Set<CallRecord>()
  #refs: EventRef[] = []
  #gaps: GapNotice[] = []
  #sentGaps = new Set<string>()
  #sentVersions = ''
  #isFresh = false

  /** @param findStored row of a call that is not followed here, but known from the store */
  constructor(ring: BlockRing, book: CallBook, findStored: (callId: string) => CallRow | undefined) {
    this.#ring = ring
    this.#book = book
    this.#findStored = findStored
  }

  /** Another ladder is open, of the calls that these Call-IDs belong to; none if empty. */
  open(callIds: readonly string[]): void {
    this.#asked = callIds
    this.#open = new Set()
    this.#refs = []
    this.#sentGaps = new Set()
    this.#sentVersions = ''
    this.#isFresh = callIds.length > 0
    for (const callId of callIds) {
      const record = this.#book.find(callId)
      if (record !== undefined) this.#include(record)
    }
  }

  /** An event came for a call. */
  noteEvent(record: CallRecord, ref: EventRef): void {
    if (this.#asked.length === 0) return
    if (this.#open.has(record)) this.#refs.push(ref)
    // It may have been opened from a link before its first event came.
    else if (record.call.legs.some((leg) => this.#asked.includes(leg.callId))) this.#include(record)
  }

  noteRemoved(record: CallRecord, into: CallRecord | undefined): void {
    if (into === undefined) return
    const wasOpen = this.#open.delete(record)
    if (wasOpen || this.#open.has(into)) this.#include(into)
  }

  noteGap(gap: GapNotice): void {
    this.#gaps.push(gap)
    if (this.#gaps.length > MAX_GAPS) this.#gaps.shift()
  }

  update(): LadderUpdate | undefined {
    if (this.#asked.length === 0) return undefined
    const refs = this.#refs.splice(0, UPDATE_EVENTS)
    const versions = [...this.#open].map((record) => `${record.key}:${record.call.version}`).join()
    const gaps = this.#newGaps()
    if (refs.length === 0 && gaps.length === 0 && versions === this.#sentVersions && !this.#isFresh) return undefined
    this.#sentVersions = versions
    this.#isFresh = false
    const messages = refs.flatMap((ref) => {
      const block = this.#ring.block(ref)
      return block === undefined ? [] : [fromBlock(block, rowOf(ref))]
    })
    return { asked: this.#asked, calls: this.#calls(), messages, gaps }
  }

  #calls(): CallRow[] {
    const followed = [...this.#open].map((record) => record.row())
    const known = new Set(followed.flatMap((row) => row.legs))
    const stored = this.#asked.flatMap((callId) => (known.has(callId) ? [] : (this.#findStored(callId) ?? [])))
    return [...followed, ...new Set(stored)]
  }

  clear(): void {
    this.#gaps = []
    this.open(this.#asked)
  }

  #include(record: CallRecord): void {
    this.#open.add(record)
    this.#refs.push(...record.refs.values())
  }

  /** Those in the time of an open call. */
  #newGaps(): GapNotice[] {
    const found: GapNotice[] = []
    for (const gap of this.#gaps) {
      if (this.#sentGaps.has(gap.key)) continue
      for (const { call } of this.#open) {
        const isInside = gap.toUs >= call.firstUs && (call.isRunning || gap.fromUs <= call.lastUs)
        if (!isInside) continue
        this.#sentGaps.add(gap.key)
        found.push(gap)
        break
      }
    }
    return found
  }
}
