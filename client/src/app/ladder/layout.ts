import { type AliasTable, NO_ALIASES } from './aliases/alias-table.ts'
import { analyse, type Analysis } from './analysis.ts'
import type { Item } from './item.ts'
import { isSip } from './label.ts'
import { DEFAULT_VIEW, type LadderView } from './ladder-view.ts'
import { Endpoints } from './lanes.ts'
import { Legs } from './legs.ts'
import type { LadderMessage } from './message.ts'
import { compareMessages, orderTies } from './order.ts'
import type { Gap, GapRow } from './row.ts'
import { layScene, type Scene } from './scene.ts'
import { fingerprintOf, sendingsOf } from './sendings.ts'
import { type Transaction, transactionKeyOf } from './transactions.ts'

const NO_MESSAGES: readonly LadderMessage[] = []

/**
 * The events of a ladder of one or more calls; `scene` lays them out.
 *
 * Messages may come in any order, live and stored, and more than once: rows are by time, each event is there once.
 * Lanes and leg letters keep their place while messages come in; `reorder` puts them in order of time.
 */
export class LadderModel {
  #legs: Legs
  #endpoints = new Endpoints()
  #items: Item[] = []
  readonly #byKey = new Map<string, Item>()
  readonly #bySending = new Map<string, Item[]>()
  readonly #gaps = new Map<string, Gap>()
  #gapRows: GapRow[] = []
  #analysis: Analysis | undefined
  #version = 0

  /** @param legs Call-IDs whose letters are fixed, the A leg first; others follow as they appear */
  constructor(legs: readonly string[] = []) {
    this.#legs = new Legs(legs)
  }

  /** Raised by each change. */
  get version(): number {
    return this.#version
  }

  /** Events, each once. */
  get size(): number {
    return this.#items.length
  }

  /** By time, without copies. */
  *messages(): IterableIterator<LadderMessage> {
    for (const { message, isCopy } of this.#items) if (!isCopy) yield message
  }

  message(key: string): LadderMessage | undefined {
    return this.#byKey.get(key)?.message
  }

  /** Key of the row that a message is in when its transaction is folded, or as a copy; its own if neither. */
  rowKey(key: string, isFolded: boolean): string {
    const item = this.#byKey.get(key)
    if (item === undefined) return key
    const drawn = item.isCopy ? this.#bySending.get(fingerprintOf(item.message) ?? '')?.find(hasCopy(key)) : item
    return (isFolded ? this.#transactionOf(drawn)?.items[0] : drawn)?.message.key ?? key
  }

  /** Keys of all messages of the transaction that a message belongs to; its own alone if to none. */
  transactionKeys(key: string): readonly string[] {
    const transaction = this.#transactionOf(this.#byKey.get(key))
    return transaction?.items.map(({ message }) => message.key) ?? [key]
  }

  get analysis(): Analysis {
    return (this.#analysis ??= analyse(this.#items))
  }

  /** Lay it out. Costs one pass over all messages. */
  scene(view: LadderView = DEFAULT_VIEW, aliases: AliasTable = NO_ALIASES): Scene {
    const source = {
      items: this.#items,
      gaps: this.#gapRows,
      endpoints: this.#endpoints.all,
      analysis: this.analysis,
    }
    return layScene(source, view, aliases)
  }

  /** Add events. One that is there already is taken only for the payload that it may bring. */
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
        known.message = { ...known.message, payload: message.payload, raw: message.raw }
        hasPayloads = true
        if (known.isCopy) this.#sortSightsOf(known.message)
      }
    }
    if (added.length > 0) this.#insert(added)
    if (added.length > 0 || hasPayloads) this.#changed()
  }

  /** Add a row for events that we know of but do not have; a gap with the same key is replaced. */
  addGap(gap: Gap): void {
    this.#gaps.set(gap.key, gap)
    this.#gapRows = [...this.#gaps.values()]
      .map((known): GapRow => ({ ...known, kind: 'gap', tsUs: known.fromUs, deltaUs: known.toUs - known.fromUs }))
      .sort((a, b) => a.tsUs - b.tsUs || a.toUs - b.toUs || (a.key < b.key ? -1 : 1))
    this.#version++
  }

  /**
   * Order lanes and legs by time, as a model would that got everything at once.
   *
   * @param legs Call-IDs whose letters are fixed, the A leg first
   */
  reorder(legs: readonly string[] = []): void {
    this.#endpoints = new Endpoints()
    this.#legs = new Legs(legs)
    for (const item of this.#items) this.#place(item)
    this.#changed()
  }

  #transactionOf(item: Item | undefined): Transaction<Item> | undefined {
    // It is told when the ladder is analysed.
    return this.analysis.transactionCount === 0 ? undefined : item?.transaction
  }

  #changed(): void {
    this.#analysis = undefined
    this.#version++
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
    item.leg = this.#legs.letterOf(callId)
    item.source = this.#endpoints.add(srcIp, srcPort, item.leg, isSip(item.message))
    item.destination = this.#endpoints.add(dstIp, dstPort, item.leg, isSip(item.message))
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
}

function newItem(message: LadderMessage): Item {
  return {
    message,
    transactionKey: transactionKeyOf(message),
    leg: '',
    source: 0,
    destination: 0,
    transaction: undefined,
    retransmission: 0,
    sinceFirstUs: 0,
    copies: NO_MESSAGES,
    isCopy: false,
    row: undefined,
  }
}

function hasCopy(key: string): (item: Item) => boolean {
  return ({ copies }) => copies.some((copy) => copy.key === key)
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
  const firstUs = sights[0]?.message.tsUs ?? 0
  for (const { item, retransmission, copies } of sendingsOf(sights)) {
    item.isCopy = false
    item.retransmission = retransmission
    item.sinceFirstUs = item.message.tsUs - firstUs
    item.copies = copies.length === 0 ? NO_MESSAGES : copies.map((copy) => copy.message)
    for (const copy of copies) {
      copy.isCopy = true
      copy.copies = NO_MESSAGES
    }
  }
}
