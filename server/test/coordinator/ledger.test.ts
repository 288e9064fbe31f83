import { describe, expect, it } from 'vitest'
import type { GapFrame } from '@hepscope/shared/frame/control.ts'
import { compare, Ledger } from './ledger.ts'

function ledger(seqs: readonly number[], gaps: readonly Partial<GapFrame>[] = []): Ledger {
  const made = new Ledger()
  for (const seq of seqs) {
    made.add({ node: 'n', epoch: 1, seq, callId: `c${seq}`, method: seq % 2 === 0 ? 'BYE' : 'INVITE' })
  }
  for (const gap of gaps) made.addGap({ type: 'gap', node: 'n', epoch: 1, from: 1, cause: 'upstream', ...gap })
  return made
}

const truth = ledger([1, 2, 3, 4, 5])
const all = () => true

// A judge that lets everything pass would make the tests that use it worthless.
describe('compare', () => {
  it.each<[string, Ledger, object]>([
    ['everything', ledger([1, 2, 3, 4, 5]), { events: 5, inGaps: 0 }],
    ['a gap that was told', ledger([1, 4, 5], [{ from: 2, to: 3, count: 2 }]), { events: 3, inGaps: 2, gaps: 1 }],
    ['the end of an epoch', ledger([1, 2], [{ from: 3, cause: 'restart' }]), { events: 2, inGaps: 3, afterEnd: 3 }],
  ])('accepts %s', (_, viewer, verdict) => {
    expect(compare(viewer, truth, all)).toMatchObject({ ...verdict, faults: [] })
  })

  it('asks only for what passes the filter', () => {
    const invites = (_: string, text: string) => text.startsWith('INVITE')
    expect(compare(ledger([1, 3, 5]), truth, invites).faults).toEqual([])
    expect(compare(ledger([1, 2, 3, 5]), truth, invites).faults).toEqual(['n 1 2 does not pass the filter'])
  })

  it.each<[string, Ledger, string]>([
    ['a hole', ledger([1, 2, 4, 5]), 'n 1 3 is missing and in no gap'],
    ['a double', ledger([1, 2, 2, 3, 4, 5]), 'n 1 2 came 2 times'],
    ['a lost tail', ledger([1, 2, 3, 4]), 'n 1 5 is missing and in no gap'],
    ['no epoch at all', new Ledger(), 'n 1 1 is missing and in no gap'],
    [
      'an event in a gap',
      ledger([1, 2, 3, 4, 5], [{ from: 2, to: 3, count: 2 }]),
      'n 1 2 came although it was in a gap',
    ],
    ['a wrong count', ledger([1, 4, 5], [{ from: 2, to: 3, count: 7 }]), 'n 1 gap 2 to 3 says 7 events'],
    [
      'a gap told twice',
      ledger(
        [1, 4, 5],
        [
          { from: 2, to: 3, count: 2 },
          { from: 2, to: 3, count: 2 },
        ],
      ),
      'n 1 gaps 2 to 3 and 2 to 3 overlap',
    ],
  ])('finds %s', (_, viewer, fault) => {
    expect(compare(viewer, truth, all).faults).toContain(fault)
  })

  it('finds another event under the same number', () => {
    const viewer = ledger([1, 2, 3, 4])
    viewer.add({ node: 'n', epoch: 1, seq: 5, callId: 'other', method: 'INVITE' })
    expect(compare(viewer, truth, all).faults).toEqual(['n 1 5 is INVITE other, not INVITE c5'])
  })
})
