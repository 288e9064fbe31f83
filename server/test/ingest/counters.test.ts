import { describe, expect, it } from 'vitest'
import { WARNING, WARNING_NAMES } from '@hepscope/shared/hep/fields.ts'
import { IngestCounters } from '../../src/ingest/counters.ts'
import { REJECT_EXPLANATIONS, type RejectReason } from '../../src/ingest/rejection.ts'

describe('IngestCounters', () => {
  it('are read by another thread as they are, and summed over threads', () => {
    const first = new IngestCounters()
    const second = new IngestCounters()
    first.receive('udp', 100, 5000)
    first.addEvent()
    second.receive('udp', 50, 5500)
    second.receive('http', 1, 6000)
    second.reject('truncated')
    second.warn(WARNING.trailingBytes | WARNING.timeMissing)
    second.add('skipped', 1)
    second.add('skippedBytes', 30)
    const elsewhere = [first, second].map(({ buffer }) => new IngestCounters(buffer))
    expect(IngestCounters.sum(elsewhere)).toEqual({
      received: { udp: 2, tcp: 0, tls: 0, ws: 0, http: 1, import: 0 },
      receivedBytes: { udp: 150, tcp: 0, tls: 0, ws: 0, http: 1, import: 0 },
      rejected: { truncated: 1 },
      warned: { 'trailing-bytes': 1, 'time-missing': 1 },
      events: 1,
      skipped: 1,
      skippedBytes: 30,
      callbackErrors: 0,
      lastPacketMs: 6000,
    })
  })

  it('have a place of their own for every reason and warning', () => {
    const counters = new IngestCounters()
    const reasons = Object.keys(REJECT_EXPLANATIONS) as RejectReason[]
    for (const reason of reasons) counters.reject(reason)
    for (let i = 0; i < WARNING_NAMES.length; i++) counters.warn(1 << i)
    const { rejected, warned, received, events } = IngestCounters.sum([counters])
    expect(rejected).toEqual(Object.fromEntries(reasons.map((reason) => [reason, 1])))
    expect(warned).toEqual(Object.fromEntries(WARNING_NAMES.map((name) => [name, 1])))
    expect({ received: received.udp, events }).toEqual({ received: 0, events: 0 })
  })
})
