import type { GapFrame } from '@hepscope/shared/frame/control.ts'

/** An event as a viewer saw it. */
export interface LedgerEvent {
  readonly node: string
  readonly epoch: number
  readonly seq: number
  readonly callId: string
  readonly method: string
}

interface Epoch {
  readonly node: string
  readonly epoch: number
  /** By `seq`; text of the event and how often it came. */
  readonly events: Map<number, { readonly text: string; count: number }>
  readonly gaps: GapFrame[]
}

/** All that came to one viewer: events, and what it was told that it does not get. */
export class Ledger {
  eventCount = 0
  readonly #epochs = new Map<string, Epoch>()

  add({ node, epoch, seq, callId, method }: LedgerEvent): void {
    this.eventCount++
    const { events } = this.#epoch(node, epoch)
    const known = events.get(seq)
    if (known === undefined) events.set(seq, { text: `${method} ${callId}`, count: 1 })
    else known.count++
  }

  addGap(gap: GapFrame): void {
    this.#epoch(gap.node, gap.epoch).gaps.push(gap)
  }

  get epochs(): readonly Epoch[] {
    return [...this.#epochs.values()]
  }

  /** Last `seq` of the newest epoch of a node; 0 without any. */
  lastSeq(node: string): number {
    const newest = this.epochs.filter((epoch) => epoch.node === node && epoch.events.size > 0).at(-1)
    return newest === undefined ? 0 : Math.max(0, [...newest.events.keys()].at(-1) ?? 0)
  }

  of(node: string, epoch: number): Epoch | undefined {
    return this.#epochs.get(`${epoch} ${node}`)
  }

  #epoch(node: string, epoch: number): Epoch {
    const key = `${epoch} ${node}`
    let found = this.#epochs.get(key)
    if (found === undefined) {
      found = { node, epoch, events: new Map(), gaps: [] }
      this.#epochs.set(key, found)
    }
    return found
  }
}

/** What a comparison found. */
export interface Verdict {
  readonly events: number
  /** Events that did not come, each of them named in a gap. */
  readonly inGaps: number
  /** Of those the ones behind the last event of an epoch that ended. */
  readonly afterEnd: number
  readonly gaps: number
  /** What is wrong; empty for a viewer that got everything once or was told exactly what it did not get. */
  readonly faults: readonly string[]
}

const MAX_FAULTS = 20

/**
 * Compare what a viewer got with what the nodes had: each event of its filter must be there once or lie in a gap, none
 * may be both, and no gap may name what it need not.
 *
 * @param truth what viewers at the nodes themselves got
 * @param passes the viewer's filter
 */
export function compare(viewer: Ledger, truth: Ledger, passes: (node: string, text: string) => boolean): Verdict {
  const faults: string[] = []
  const fault = (text: string): void => {
    if (faults.length < MAX_FAULTS) faults.push(text)
  }
  let inGaps = 0
  let afterEnd = 0
  let gaps = 0
  for (const { node, epoch, events } of viewer.epochs) {
    const had = truth.of(node, epoch)
    for (const [seq, { text, count }] of events) {
      if (count > 1) fault(`${node} ${epoch} ${seq} came ${count} times`)
      const original = had?.events.get(seq)
      // A node that is killed may have sent its last events to one viewer and not to another.
      if (original !== undefined && original.text !== text)
        fault(`${node} ${epoch} ${seq} is ${text}, not ${original.text}`)
      if (!passes(node, text)) fault(`${node} ${epoch} ${seq} does not pass the filter`)
    }
  }
  for (const { node, epoch, events } of truth.epochs) {
    const seen = viewer.of(node, epoch)
    const ranges = rangesOf(seen?.gaps ?? [])
    gaps += ranges.length
    for (const gap of seen?.gaps ?? []) {
      const { from, to, count, cause } = gap
      if (to === undefined) continue
      if ((cause === 'upstream' || cause === 'ring') && count !== to - from + 1) {
        fault(`${node} ${epoch} gap ${from} to ${to} says ${count} events`)
      }
    }
    for (let i = 1; i < ranges.length; i++) {
      const [before, range] = [ranges[i - 1], ranges[i]]
      if (before !== undefined && range !== undefined && range.from <= before.to && range.to !== Infinity) {
        fault(`${node} ${epoch} gaps ${before.from} to ${before.to} and ${range.from} to ${range.to} overlap`)
      }
    }
    for (const seq of seen?.events.keys() ?? []) {
      if (isIn(ranges, seq) !== undefined) fault(`${node} ${epoch} ${seq} came although it was in a gap`)
    }
    for (const [seq, { text }] of events) {
      if (!passes(node, text) || seen?.events.has(seq) === true) continue
      const range = isIn(ranges, seq)
      if (range === undefined) fault(`${node} ${epoch} ${seq} is missing and in no gap`)
      else if (range.to === Infinity) afterEnd++
      inGaps++
    }
  }
  return { events: viewer.eventCount, inGaps, afterEnd, gaps, faults }
}

interface Range {
  readonly from: number
  /** Infinity for the rest of an epoch that ended. */
  readonly to: number
}

/** In order; the end of an epoch may be told more than once. */
function rangesOf(gaps: readonly GapFrame[]): Range[] {
  const ranges = gaps.flatMap(({ from, to }) => (to === undefined ? [] : [{ from, to }]))
  const ends = gaps.flatMap(({ from, to }) => (to === undefined ? [from] : []))
  if (ends.length > 0) ranges.push({ from: Math.max(...ends), to: Infinity })
  return ranges.sort((a, b) => a.from - b.from)
}

function isIn(ranges: readonly Range[], seq: number): Range | undefined {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.from ?? Infinity) <= seq) low = middle + 1
    else high = middle
  }
  const range = ranges[low - 1]
  return range !== undefined && seq <= range.to ? range : undefined
}
