import type { Call } from '@hepscope/shared/call/call.ts'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { type CallRow, callRow } from './call-row.ts'
import { type CallName, CallSight, type SeenCall } from './call-sight.ts'

export interface CallModelOptions {
  /** Most calls that are followed. */
  readonly maxCalls: number
  /** Clock, ms since 1970. */
  readonly now: () => number
}

/** Where the order of a node's events was at last. */
interface Mark {
  readonly epoch: number
  /** Time of the first event of the epoch that was taken. */
  readonly startUs: number
  readonly lastSeq: number
  readonly lastUs: number
}

/** Most nodes whose order is watched. */
const MAX_MARKS = 1024

/** Follows the calls of stored events, and knows of which a new row is to be written. */
export class CallModel {
  readonly #now: () => number
  readonly #tracker: CallTracker
  readonly #sights = new Map<Call, CallSight>()
  readonly #changed = new Set<Call>()
  /** Last rows of calls that are not followed any more. */
  #left: CallRow[] = []
  readonly #marks = new Map<string, Mark>()
  #version = 0

  constructor({ maxCalls, now }: CallModelOptions) {
    this.#now = now
    this.#tracker = new CallTracker({
      maxCalls,
      onRemove: (call, into) => this.#remove(call, into),
      onChange: (call) => this.#changed.add(call),
    })
  }

  /** Calls that are followed. */
  get size(): number {
    return this.#tracker.size
  }

  /** Rows that are to be written. */
  get changedCount(): number {
    return this.#changed.size + this.#left.length
  }

  /** No later row has a smaller version than this one. */
  startVersionsAt(version: number): void {
    this.#version = Math.max(this.#version, version)
  }

  /** True if a call has a leg of this name. */
  knows(callId: string): boolean {
    return this.#tracker.find(callId) !== undefined
  }

  /** True if these events of the block were taken before. */
  isKnown({ node, epoch, lastSeq }: EventBlock): boolean {
    const mark = this.#marks.get(node)
    return mark?.epoch === epoch && lastSeq <= mark.lastSeq
  }

  /**
   * Take some rows of a block; a block must be taken from its first row to its last, and not twice.
   *
   * Numbers of a node that are missing between two blocks count as lost events: calls of that time say so.
   */
  apply(block: EventBlock, from: number, to: number): void {
    if (from === 0) this.#mark(block)
    for (let row = from; row < Math.min(to, block.count); row++) this.#apply(block, row)
  }

  /**
   * Take up calls that an earlier run had followed: their events, from the first, and what their newest rows say.
   *
   * @param events stored before, and not in any block that `apply` gets
   * @param block the one that is taken next, if these are its calls
   */
  takeUp(events: readonly EarlierEvent[], earlier: readonly EarlierCall[], block?: EventBlock): void {
    const byCallId = new Map(earlier.flatMap((one) => one.callIds.map((callId) => [callId, one])))
    const nameOf = (call: Call, name: CallName): CallSight => {
      const one = byCallId.get(call.id)
      // Legs that are not joined again are calls of their own: only one of them can have the name.
      for (const callId of one?.callIds ?? []) byCallId.delete(callId)
      const sight = new CallSight(one?.name ?? name)
      sight.writtenVersion = one?.version ?? 0
      this.#sights.set(call, sight)
      return sight
    }
    const touched = new Set<Call>()
    for (const { block, row, name } of events) {
      const call = this.#tracker.apply(block, row)
      if (call === undefined) continue
      touched.add(call)
      const sight = this.#sights.get(call) ?? nameOf(call, name)
      sight.note(block, row, name.seq)
    }
    this.#noteRestart(touched, block)
    for (const call of touched) {
      const sight = this.#sights.get(call)
      // What is stored of it already says all this.
      if (sight !== undefined && sight.writtenVersion > 0) this.#changed.delete(call)
      else this.#changed.add(call)
    }
  }

  /** Calls that ran while their node began anew: there it had captured nothing for a while. */
  #noteRestart(calls: ReadonlySet<Call>, block: EventBlock | undefined): void {
    const starts = new Set<number>()
    for (const call of calls) {
      const sight = this.#sights.get(call)
      if (sight === undefined) continue
      const mark = this.#marks.get(sight.name.node)
      const isNext = block?.node === sight.name.node && block.epoch !== mark?.epoch
      const now = isNext ? { epoch: block.epoch, startUs: block.minTsUs } : mark
      if (now !== undefined && now.epoch > sight.lastEpoch) starts.add(now.startUs)
    }
    for (const startUs of starts) this.#tracker.noteGap(startUs, startUs, 0)
  }

  /** Let time pass: some calls end by it. */
  tick(): void {
    this.#tracker.tick(this.#now() * 1000)
  }

  /**
   * Rows of calls that changed since they were last taken, those that changed longest ago first.
   *
   * @param most how many at most
   */
  takeRows(most: number): CallRow[] {
    const rows = this.#left.splice(0, most)
    for (const call of this.#changed) {
      if (rows.length >= most) break
      this.#changed.delete(call)
      const sight = this.#sights.get(call)
      if (sight !== undefined) rows.push(this.#row({ call, sight }))
    }
    return rows
  }

  /** Rows that could not be written: they are taken again, at most so many as there are calls. */
  giveBack(rows: readonly CallRow[], maxRows: number): void {
    this.#left = [...rows, ...this.#left].slice(0, maxRows)
  }

  #apply(block: EventBlock, row: number): void {
    const call = this.#tracker.apply(block, row)
    if (call === undefined) return
    const seq = block.seq(row)
    let sight = this.#sights.get(call)
    if (sight === undefined) {
      sight = new CallSight({ node: block.node, epoch: block.epoch, seq, tsUs: block.tsUs[row] ?? 0 })
      this.#sights.set(call, sight)
    }
    sight.note(block, row, seq)
    this.#changed.add(call)
  }

  #row(seen: SeenCall, joinedInto?: CallName): CallRow {
    this.#version = Math.max(this.#version + 1, this.#now() * 1000)
    seen.sight.writtenVersion = this.#version
    return callRow(seen, this.#version, joinedInto)
  }

  #remove(call: Call, into: Call | undefined): void {
    const sight = this.#sights.get(call)
    this.#sights.delete(call)
    const isChanged = this.#changed.delete(call)
    if (sight === undefined) return
    if (into === undefined) {
      if (isChanged) this.#left.push(this.#row({ call, sight }))
      return
    }
    const whole = this.#sights.get(into)
    if (whole === undefined) return
    whole.merge(sight)
    if (sight.writtenVersion > 0) this.#left.push(this.#row({ call, sight }, whole.name))
  }

  #mark({ node, epoch, firstSeq, lastSeq, minTsUs, maxTsUs }: EventBlock): void {
    const mark = this.#marks.get(node)
    // A node that began anew had captured nothing for a while.
    const before = mark?.epoch === epoch ? mark.lastSeq : 0
    if (mark !== undefined && mark.epoch <= epoch && (mark.epoch < epoch || firstSeq > before + 1)) {
      this.#tracker.noteGap(Math.min(mark.lastUs, minTsUs), Math.max(mark.lastUs, minTsUs), firstSeq - before - 1)
    }
    if (mark === undefined && this.#marks.size >= MAX_MARKS) {
      const [oldest] = this.#marks.keys()
      if (oldest !== undefined) this.#marks.delete(oldest)
    }
    const startUs = mark?.epoch === epoch ? mark.startUs : minTsUs
    this.#marks.set(node, { epoch, startUs, lastSeq, lastUs: maxTsUs })
  }
}

/** An event of an earlier run, read back from where it is stored. */
export interface EarlierEvent {
  readonly block: EventBlock
  readonly row: number
  readonly name: CallName
}

/** What an earlier run has written of a call. */
export interface EarlierCall {
  readonly name: CallName
  readonly callIds: readonly string[]
  readonly version: number
}
