import type { Call } from '@hepscope/shared/call/call.ts'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { EventRef } from './block-ring.ts'
import { CallRecord } from './call-record.ts'
import { clockTimeUs } from './server-clock.ts'

export interface CallBookEvents {
  /** A call is no longer known: forgotten, or a part of `into`. */
  onRemove(record: CallRecord, into: CallRecord | undefined): void
  /** A call changed by time or a gap, without an event of its own. */
  onChange(record: CallRecord): void
}

/** Every call that is known, with its events. */
export class CallBook {
  readonly #tracker: CallTracker
  readonly #records = new Map<Call, CallRecord>()
  #nextKey = 1

  constructor(maxCalls: number, events: CallBookEvents) {
    this.#tracker = new CallTracker({
      maxCalls,
      onRemove: (call, into) => {
        const record = this.#records.get(call)
        if (record === undefined) return
        this.#records.delete(call)
        const target = into === undefined ? undefined : this.#records.get(into)
        target?.absorb(record)
        events.onRemove(record, target)
      },
      onChange: (call) => {
        const record = this.#records.get(call)
        if (record !== undefined) events.onChange(record)
      },
    })
  }

  /** A number that is greater than all before, also for lines that are no calls. */
  takeKey(): number {
    return this.#nextKey++
  }

  /** Follow one event. Returns the record of its call, new or known; undefined for what belongs to none. */
  apply(block: EventBlock, row: number, ref: EventRef, firstRef: EventRef): CallRecord | undefined {
    const call = this.#tracker.apply(block, row)
    if (call === undefined) return undefined
    let record = this.#records.get(call)
    if (record === undefined) {
      record = new CallRecord(call, this.takeKey(), clockTimeUs(block, row))
      this.#records.set(call, record)
    }
    record.refs.add(ref, firstRef)
    record.noteEvent(block, row)
    return record
  }

  find(callId: string): CallRecord | undefined {
    const call = this.#tracker.find(callId)
    return call === undefined ? undefined : this.#records.get(call)
  }

  /** In order of arrival. */
  records(): IterableIterator<CallRecord> {
    return this.#records.values()
  }

  noteGap(fromUs: number, toUs: number, count: number): void {
    this.#tracker.noteGap(fromUs, toUs, count)
  }

  /** Let time pass: about once a second. */
  tick(nowMs: number): void {
    this.#tracker.tick(nowMs * 1000)
  }

  /** Most calls that ran at one time. */
  get peakRunning(): number {
    return this.#tracker.totals.peakRunning
  }

  clear(): void {
    this.#tracker.clear()
    this.#records.clear()
  }
}
