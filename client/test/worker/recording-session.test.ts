import { describe, expect, it } from 'vitest'
import type { CallRow } from '../../src/worker/protocol.ts'
import { RecordingSession } from '../../src/worker/recording-session.ts'
import { Node, type Said, START_US } from './sip-blocks.ts'

const CALL: readonly Said[] = [
  { callId: 'a', what: 'INVITE', atMs: 0 },
  { callId: 'a', what: 180, atMs: 1000, toTag: 't' },
  { callId: 'b', what: 'INVITE', atMs: 1500 },
  { callId: 'a', what: 200, atMs: 2000, toTag: 't' },
  { callId: 'a', what: 'ACK', atMs: 2001, toTag: 't' },
  { callId: 'a', what: 'BYE', atMs: 9000, toTag: 't' },
]

/** A session that has read the call, and what its list says. */
class Reader {
  readonly session = new RecordingSession()
  wallMs = 1000

  constructor(blocks: readonly (readonly Said[])[]) {
    const node = new Node()
    this.session.handle({ type: 'window', first: 0, count: 50 })
    for (const said of blocks) this.session.add(node.block(...said))
  }

  at(ms: number | undefined): string[] {
    this.session.seek(ms === undefined ? Infinity : START_US + ms * 1000)
    return this.rows()
  }

  rows(): string[] {
    while (!this.session.step(5)) continue
    this.session.handle({ type: 'rows', most: 100 })
    this.wallMs += 1000
    const rows: readonly CallRow[] = this.session.frame(this.wallMs)?.rows ?? []
    return rows.map(({ id, state, messageCount }) => `${id} ${state} ${messageCount}`)
  }
}

describe('RecordingSession', () => {
  it.each([
    { name: 'one block', blocks: [CALL] },
    { name: 'a block each', blocks: CALL.map((said) => [said]) },
  ])('shows calls as they were, on and back, in $name', ({ blocks }) => {
    const reader = new Reader(blocks)
    expect(reader.rows()).toEqual(['b setup 1', 'a ended 5'])
    expect(reader.at(0)).toEqual(['a setup 1'])
    expect(reader.at(1000)).toEqual(['a ringing 2'])
    expect(reader.at(1999)).toEqual(['b setup 1', 'a ringing 2'])
    expect(reader.at(5000)).toEqual(['b setup 1', 'a in-call 4'])
    expect(reader.at(1000)).toEqual(['a ringing 2'])
    expect(reader.at(undefined)).toEqual(['b setup 1', 'a ended 5'])
    expect(reader.at(-1)).toEqual([])
  })

  it('takes in blocks that overlap in time, each event once', () => {
    const reader = new Reader([
      CALL.filter(({ callId }) => callId === 'a'),
      CALL.filter(({ callId }) => callId === 'b'),
    ])
    expect(reader.at(1700)).toEqual(['b setup 1', 'a ringing 2'])
    expect(reader.at(undefined)).toEqual(['b setup 1', 'a ended 5'])
  })

  it('keeps what is filtered and how, when it begins anew', () => {
    const reader = new Reader([CALL])
    reader.session.handle({ type: 'filter', text: 'callid:b' })
    expect(reader.rows()).toEqual(['b setup 1'])
    expect(reader.at(1700)).toEqual(['b setup 1'])
    expect(reader.session.rewindCount).toBe(1)
  })

  it('counts what it has no room for', () => {
    const session = new RecordingSession({ events: 6, bytes: 1 << 20 })
    const node = new Node()
    session.add(node.block(...CALL))
    session.add(node.block(...CALL))
    expect(session.recording.leftOutCount).toBe(6)
    expect(session.recording.events).toBe(6)
  })
})
