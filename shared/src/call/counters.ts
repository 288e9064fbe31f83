import type { CallRecord } from './call-record.ts'

/** Sums since the tracker began. Calls are those of kind `call`, joined legs as one. */
export interface CallTotals {
  /** Events of every kind. */
  readonly events: number
  readonly retransmissions: number
  readonly calls: number
  readonly answered: number
  /** Calls that ended in a state of class `bad`. */
  readonly failed: number
  /** Now, and the most at one time. */
  readonly running: number
  readonly peakRunning: number
  /** Events that were lost on the way to us, as told to `noteGap`. */
  readonly missing: number
}

const COUNTED = { call: 1, running: 2, answered: 4, failed: 8 } as const

/** Keeps `CallTotals` while calls change: each call is counted once for each thing that it is. */
export class CallCounters implements CallTotals {
  events = 0
  retransmissions = 0
  calls = 0
  answered = 0
  failed = 0
  running = 0
  peakRunning = 0
  missing = 0

  /** Count what a call has become. */
  recount(call: CallRecord): void {
    this.#set(call, kindsOf(call))
    if (this.running > this.peakRunning) this.peakRunning = this.running
  }

  /** The call is no longer kept, but was one. */
  forget(call: CallRecord): void {
    this.#set(call, call.counted & ~COUNTED.running)
  }

  /** The call turned out to be a leg of another one. */
  cancel(call: CallRecord): void {
    this.#set(call, 0)
  }

  #set(call: CallRecord, counted: number): void {
    const changed = call.counted ^ counted
    if (changed === 0) return
    if ((changed & COUNTED.call) !== 0) this.calls += step(counted & COUNTED.call)
    if ((changed & COUNTED.running) !== 0) this.running += step(counted & COUNTED.running)
    if ((changed & COUNTED.answered) !== 0) this.answered += step(counted & COUNTED.answered)
    if ((changed & COUNTED.failed) !== 0) this.failed += step(counted & COUNTED.failed)
    call.counted = counted
  }
}

function step(bit: number): 1 | -1 {
  return bit === 0 ? -1 : 1
}

function kindsOf(call: CallRecord): number {
  if (call.kind !== 'call') return 0
  let kinds: number = COUNTED.call
  if (call.isRunning) kinds |= COUNTED.running
  if (call.state === 'in-call' || call.answerAtUs !== undefined) kinds |= COUNTED.answered
  if (call.stateClass === 'bad') kinds |= COUNTED.failed
  return kinds
}
