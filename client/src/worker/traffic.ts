import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { CallBook } from './call-book.ts'
import type { CallRecord } from './call-record.ts'
import { MessageTally } from './message-tally.ts'
import type { Counters, GapNotice, ListScope, Statistics } from './protocol.ts'
import { SecondBuckets } from './second-buckets.ts'
import type { ServerClock } from './server-clock.ts'
import { countProblems } from './statistics.ts'

const RATE_SECONDS = 5
/** Who was not heard for so long is not counted any more. */
const HEARD_US = 600_000_000

/** Counts of the traffic since the page was opened, and its rates over the last seconds. */
export class Traffic {
  readonly #eventBuckets = new SecondBuckets()
  readonly #callBuckets = new SecondBuckets()
  readonly #failedBuckets = new SecondBuckets()
  /** Server's clock of the last event, by node and by node and agent. */
  readonly #nodesHeard = new Map<string, number>()
  readonly #agentsHeard = new Map<string, number>()
  readonly #tally = new MessageTally()
  readonly #countedCalls = new WeakSet<CallRecord>()
  readonly #failedCalls = new WeakSet<CallRecord>()
  #events = 0
  #missing = 0
  #lastGap: GapNotice | undefined

  /** @param fromRow rows before it were counted already */
  noteBlock(block: EventBlock, fromRow: number): void {
    const count = block.count - fromRow
    if (count <= 0) return
    this.#events += count
    this.#tally.noteBlock(block, fromRow)
    this.#eventBuckets.add(Math.floor(block.sealedUs / 1_000_000), count)
    this.#nodesHeard.set(block.node, block.sealedUs)
    let last = -1
    for (let row = fromRow; row < block.count; row++) {
      const agent = block.agentId[row] ?? 0
      if (agent === last) continue
      this.#agentsHeard.set(`${block.node}:${agent}`, block.sealedUs)
      last = agent
    }
  }

  /** After an event of the call. */
  noteCall(record: CallRecord, sealedUs: number): void {
    const { call } = record
    if (call.kind !== 'call') return
    if (!this.#countedCalls.has(record)) {
      this.#countedCalls.add(record)
      this.#callBuckets.add(Math.floor(sealedUs / 1_000_000))
    }
    if (call.stateClass === 'bad' && !this.#failedCalls.has(record)) {
      this.#failedCalls.add(record)
      this.#failedBuckets.add(Math.floor(sealedUs / 1_000_000))
    }
  }

  /** Events that are known to be missing. */
  get missing(): number {
    return this.#missing
  }

  noteGap(gap: GapNotice): void {
    this.#missing += gap.count
    this.#lastGap = gap
  }

  /** Messages by method, code, node and agent. */
  tallies(): Pick<Statistics, 'methods' | 'codes' | 'nodes' | 'agents'> {
    return this.#tally.counts
  }

  counters(book: CallBook, clock: ServerClock, nowMs: number, memoryBytes: number, scope: ListScope): Counters {
    const nowUs = clock.nowUs(nowMs)
    const second = Math.floor(nowUs / 1_000_000)
    return {
      ...countCalls(book.records()),
      problems: countProblems(book.records(), scope === 'calls'),
      callsPeak: book.peakRunning,
      newCallsPerSec: this.#callBuckets.ratePerSec(second, RATE_SECONDS),
      eventsPerSec: this.#eventBuckets.ratePerSec(second, RATE_SECONDS),
      events: this.#events,
      missing: this.#missing,
      nodes: heardLately(this.#nodesHeard, nowUs),
      agentCount: heardLately(this.#agentsHeard, nowUs).length,
      lastEventClockUs: clock.lastSealedUs,
      clockOffsetUs: clock.offsetUs,
      lastGap: this.#lastGap,
      eventsBySecond: this.#eventBuckets.before(second),
      failedBySecond: this.#failedBuckets.before(second),
      memoryBytes,
    }
  }
}

type CallCounts = Pick<Counters, 'callsNow' | 'answered' | 'unanswered' | 'failed' | 'calls' | 'otherDialogs'>

function countCalls(records: Iterable<CallRecord>): CallCounts {
  const counts = { callsNow: 0, answered: 0, unanswered: 0, failed: 0, calls: 0, otherDialogs: 0 }
  for (const { call } of records) {
    if (call.kind !== 'call') {
      counts.otherDialogs++
      continue
    }
    counts.calls++
    if (call.isRunning) counts.callsNow++
    if (call.answerAtUs !== undefined) counts.answered++
    else if (call.stateClass === 'bad') counts.failed++
    else if (call.stateClass === 'off' && call.state !== 'unknown') counts.unanswered++
  }
  return counts
}

function heardLately(heard: Map<string, number>, nowUs: number): string[] {
  const names: string[] = []
  for (const [name, atUs] of heard) {
    if (nowUs - atUs > HEARD_US) heard.delete(name)
    else names.push(name)
  }
  return names
}
