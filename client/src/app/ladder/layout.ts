import { labelOf, toneOf } from './label.ts'
import { Lanes } from './lanes.ts'
import { Legs } from './legs.ts'
import type { LadderMessage } from './message.ts'
import { compareMessages, orderTies } from './order.ts'
import type { Gap, GapRow, LadderRow, Lane, MessageRow } from './row.ts'
import { fingerprintOf, sendingsOf } from './sendings.ts'

export interface LadderOptions {
  /** What a lane is: an `ip:port` (default) or an address. */
  readonly laneBy?: 'endpoint' | 'address'
  /** Call-IDs whose letters are fixed, the A leg first; others follow as they appear. */
  readonly legs?: readonly string[]
}

const NO_MESSAGES: readonly LadderMessage[] = []

/** A message and what its row was last. */
interface Item {
  message: LadderMessage
  row: MessageRow | undefined
  fromLane: number
  toLane: number
  leg: string
  retransmission: number
  copies: readonly LadderMessage[]
  /** Drawn with another sight of the same sending, not by itself. */
  isCopy: boolean
}

/**
 * The ladder of one or more calls as rows and lanes, without a pixel.
 *
 * Messages may come in any order, live and stored, and more than once: rows are by time, each event is there once.
 * Lanes and leg letters keep their place while messages come in; `relayout` orders them by time.
 */
export class LadderModel {
  #options: LadderOptions
  #lanes: Lanes
  #legs: Legs
  #items: Item[] = []
  readonly #byKey = new Map<string, Item>()
  readonly #bySending = new Map<string, Item[]>()
  readonly #gaps = new Map<string, Gap>()
  #gapRows: GapRow[] = []
  #rows: readonly LadderRow[] = []
  #version = 0

  constructor(options: LadderOptions = {}) {
    this.#options = options
    this.#lanes = new Lanes(options.laneBy === 'address')
    this.#legs = new Legs(options.legs ?? [])
  }

  /** A new array after each change; rows that did not change are the same objects as before. */
  get rows(): readonly LadderRow[] {
    return this.#rows
  }

  get lanes(): readonly Lane[] {
    return this.#lanes.all
  }

  get version(): number {
    return this.#version
  }

  /**
   * Add events. One that is there already is taken only for the payload that it may bring.
   *
   * Costs one pass over all rows, so add what has arrived together.
   */
  add(messages: readonly LadderMessage[]): void {
    const added: Item[] = []
    let hasPayloads = false
    for (const message of messages) {
      const known = this.#byKey.get(message.key)
      if (known === undefined) {
        const item = newItem(message)
        this.#byKey.set(message.key, item)
        added.push(item)
      } else if (known.message.payload === undefined && message.payload !== undefined) {
        known.message = { ...known.message, payload: message.payload }
        hasPayloads = true
        if (known.isCopy) this.#sortSightsOf(known.message)
      }
    }
    if (added.length > 0) this.#insert(added)
    if (added.length > 0 || hasPayloads) this.#build()
  }

  /** Add a row for events that we know of but do not have; a gap with the same key is replaced. */
  addGap(gap: Gap): void {
    this.#gaps.set(gap.key, gap)
    this.#gapRows = [...this.#gaps.values()]
      .map((known): GapRow => ({ ...known, kind: 'gap', tsUs: known.fromUs, deltaUs: known.toUs - known.fromUs }))
      .sort((a, b) => a.tsUs - b.tsUs || a.toUs - b.toUs || (a.key < b.key ? -1 : 1))
    this.#build()
  }

  /** Order lanes and legs by time, as a model would that got everything at once. Options that are absent stay. */
  relayout(options: LadderOptions = {}): void {
    this.#options = { ...this.#options, ...options }
    this.#lanes = new Lanes(this.#options.laneBy === 'address')
    this.#legs = new Legs(this.#options.legs ?? [])
    for (const item of this.#items) this.#place(item)
    this.#build()
  }

  #insert(added: Item[]): void {
    const ordered = inOrder(added)
    // Lanes appear in the order in which the rows of this batch do.
    for (const item of ordered) this.#place(item)
    const lastUs = this.#items.at(-1)?.message.tsUs ?? -Infinity
    const isLatest = (ordered[0]?.message.tsUs ?? 0) > lastUs
    this.#items = isLatest ? this.#items.concat(ordered) : inOrder([...this.#items, ...ordered])
    this.#markRepeats(added)
  }

  #place(item: Item): void {
    const { srcIp, srcPort, dstIp, dstPort, callId } = item.message
    item.fromLane = this.#lanes.indexOf(srcIp, srcPort)
    item.toLane = this.#lanes.indexOf(dstIp, dstPort)
    item.leg = this.#legs.letterOf(callId)
  }

  #markRepeats(added: readonly Item[]): void {
    const touched = new Set<Item[]>()
    for (const item of added) {
      const fingerprint = fingerprintOf(item.message)
      if (fingerprint === undefined) continue
      let sights = this.#bySending.get(fingerprint)
      if (sights === undefined) this.#bySending.set(fingerprint, (sights = []))
      sights.push(item)
      touched.add(sights)
    }
    for (const sights of touched) if (sights.length > 1) markSights(sights)
  }

  #sortSightsOf(message: LadderMessage): void {
    const sights = this.#bySending.get(fingerprintOf(message) ?? '')
    if (sights !== undefined) markSights(sights)
  }

  #build(): void {
    const rows: LadderRow[] = []
    let gapAt = 0
    let beforeUs: number | undefined
    for (const item of this.#items) {
      if (item.isCopy) continue
      const { tsUs } = item.message
      for (let gap = this.#gapRows[gapAt]; gap !== undefined && gap.tsUs < tsUs; gap = this.#gapRows[++gapAt])
        rows.push(gap)
      item.row = rowOf(item, beforeUs === undefined ? 0 : tsUs - beforeUs)
      rows.push(item.row)
      beforeUs = tsUs
    }
    rows.push(...this.#gapRows.slice(gapAt))
    this.#rows = rows
    this.#version++
  }
}

/** The item's row: the one it had if nothing about it changed. */
function rowOf(item: Item, deltaUs: number): MessageRow {
  const { message, row, fromLane, toLane, leg, retransmission, copies } = item
  const isSame =
    row?.message === message &&
    row.deltaUs === deltaUs &&
    row.fromLane === fromLane &&
    row.toLane === toLane &&
    row.leg === leg &&
    row.retransmission === retransmission &&
    row.copies === copies
  if (isSame) return row
  return {
    kind: 'message',
    key: message.key,
    tsUs: message.tsUs,
    message,
    fromLane,
    toLane,
    isSelf: fromLane === toLane,
    label: labelOf(message),
    tone: toneOf(message),
    deltaUs,
    retransmission,
    copies,
    leg,
  }
}

function newItem(message: LadderMessage): Item {
  return {
    message,
    row: undefined,
    fromLane: 0,
    toLane: 0,
    leg: '',
    retransmission: 0,
    copies: NO_MESSAGES,
    isCopy: false,
  }
}

function compareItems(a: Item, b: Item): number {
  return compareMessages(a.message, b.message)
}

/** A sorted copy, with the items of one moment put in their place. */
function inOrder(items: readonly Item[]): Item[] {
  const ordered = items.toSorted(compareItems)
  for (let at = 0, end = 1; at < ordered.length; at = end++) {
    const tsUs = ordered[at]?.message.tsUs
    while (end < ordered.length && ordered[end]?.message.tsUs === tsUs) end++
    if (end - at > 1) ordered.splice(at, end - at, ...orderTies(ordered.slice(at, end)))
  }
  return ordered
}

/** Mark each sight of one message: drawn or folded, and the how-manieth sending it is. */
function markSights(sights: Item[]): void {
  sights.sort(compareItems)
  for (const { item, retransmission, copies } of sendingsOf(sights)) {
    item.isCopy = false
    item.retransmission = retransmission
    item.copies = copies.length === 0 ? NO_MESSAGES : copies.map((copy) => copy.message)
    for (const copy of copies) {
      copy.isCopy = true
      copy.copies = NO_MESSAGES
    }
  }
}
