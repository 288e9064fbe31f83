import type { Call } from '@hepscope/shared/call/call.ts'
import { EventRefs } from './event-refs.ts'
import type { CallRow } from './protocol.ts'

/** What the worker knows of one call beside the call itself. */
export class CallRecord {
  readonly call: Call
  /** Place in the order of arrival, from 1; also the row's key. */
  readonly key: number
  /** The first event on the server's clock, microseconds since 1970. */
  readonly startClockUs: number
  readonly refs = new EventRefs()
  /** One of its events matches the filter. */
  isMatched = false
  /** The list has it. */
  isListed = false
  #row: CallRow | undefined
  #rowVersion = -1

  constructor(call: Call, key: number, startClockUs: number) {
    this.call = call
    this.key = key
    this.startClockUs = startClockUs
  }

  /** The row as it is now; the same object as long as the call did not change. */
  row(): CallRow {
    if (this.#row === undefined || this.#rowVersion !== this.call.version) {
      this.#row = callRow(this)
      this.#rowVersion = this.call.version
    }
    return this.#row
  }
}

function callRow(record: CallRecord): CallRow {
  const { call, key, startClockUs } = record
  return {
    type: 'call',
    key,
    id: call.id,
    kind: call.kind,
    state: call.state,
    stateClass: call.stateClass,
    statusCode: call.statusCode,
    reason: call.reason,
    from: call.fromUser || call.fromHost,
    to: call.toUser || call.ruriUser || call.toHost,
    route: [...call.route],
    startUs: call.firstUs,
    startClockUs,
    setupUs: call.kind === 'call' ? call.postDialDelayUs : call.responseTimeUs,
    lengthUs: call.isRunning ? undefined : Math.max(0, (call.endAtUs ?? call.lastUs) - call.firstUs),
    talkUs: call.talkUs,
    messageCount: call.messageCount,
    legs: call.legs.map((leg) => leg.callId),
    evidence: [...call.evidence],
  }
}
