import type { IngestLog } from './ingest-log.ts'
import { REJECT_EXPLANATIONS, type Rejection } from './rejection.ts'

const INTERVAL_MS = 10_000

/** Says why packets are rejected without flooding the log: the first of each reason at once, then a count. */
export class RejectLog {
  readonly #log: IngestLog
  readonly #heard = new Map<Rejection['reason'], { atMs: number; count: number }>()

  constructor(log: IngestLog) {
    this.#log = log
  }

  add(rejection: Rejection): void {
    const nowMs = Date.now()
    const heard = this.#heard.get(rejection.reason)
    if (heard !== undefined && nowMs - heard.atMs < INTERVAL_MS) {
      heard.count++
      return
    }
    this.#heard.set(rejection.reason, { atMs: nowMs, count: 0 })
    this.#log.warn(
      { ...rejection, sinceLastTime: (heard?.count ?? 0) + 1 },
      `not HEP: ${REJECT_EXPLANATIONS[rejection.reason]}`,
    )
  }
}
