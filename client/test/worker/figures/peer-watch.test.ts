import { expect, it } from 'vitest'
import type { Call } from '@hepscope/shared/call/call.ts'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import { CELL_SECONDS, CELLS, PeerWatch } from '../../../src/worker/figures/peer-watch.ts'
import { Node, START_US } from '../sip-blocks.ts'

const SECOND = Math.ceil(START_US / 1_000_000 / CELL_SECONDS) * CELL_SECONDS

let made = 0

/** A call to an address that was answered or refused. */
function call(dst: string, isAnswered: boolean): Call {
  const callId = `call-${made++}`
  const tracker = new CallTracker()
  const block = new Node().block(
    { callId, what: 'INVITE', dst },
    { callId, what: isAnswered ? 200 : 503, src: dst, dst: '10.0.0.1', toTag: 't', atMs: 10 },
  )
  tracker.apply(block, 0)
  tracker.apply(block, 1)
  const found = tracker.find(callId)
  if (found === undefined) throw new Error('no call')
  return found
}

function noteMany(watch: PeerWatch, dst: string, answered: number, refused: number, second: number): void {
  for (let i = 0; i < answered + refused; i++) watch.note(call(dst, i < answered), second)
}

it('compares a peer with its own hour, not with other peers', () => {
  const watch = new PeerWatch()
  for (let cell = 0; cell < 3; cell++) {
    noteMany(watch, '10.0.0.8', 4, 6, SECOND + cell * CELL_SECONDS)
    noteMany(watch, '10.0.0.9', 9, 1, SECOND + cell * CELL_SECONDS)
  }
  noteMany(watch, '10.0.0.8', 4, 6, SECOND + 3 * CELL_SECONDS)
  noteMany(watch, '10.0.0.9', 4, 6, SECOND + 3 * CELL_SECONDS)
  const rows = watch.rows(SECOND + 3 * CELL_SECONDS, 10)
  const newest = Object.fromEntries(rows.map(({ peer, cells }) => [peer, cells.at(-1)?.deviation]))
  expect(newest['10.0.0.8']).toBe(0)
  expect(newest['10.0.0.9']).toBeLessThan(-4)
})

it('says nothing of cells with few calls, or with nothing to compare', () => {
  const watch = new PeerWatch()
  noteMany(watch, '10.0.0.8', 10, 0, SECOND)
  noteMany(watch, '10.0.0.8', 0, 2, SECOND + CELL_SECONDS)
  const [row] = watch.rows(SECOND + CELL_SECONDS, 10)
  expect(row?.cells.slice(-2)).toEqual([
    { decided: 10, answered: 10, deviation: undefined },
    { decided: 2, answered: 0, deviation: undefined },
  ])
})

it('counts a call once, and forgets it after an hour', () => {
  const watch = new PeerWatch()
  const one = call('10.0.0.8', true)
  watch.note(one, SECOND)
  watch.note(one, SECOND + 1)
  expect(watch.rows(SECOND, 10)).toMatchObject([{ peer: '10.0.0.8', decided: 1 }])
  expect(watch.rows(SECOND + CELLS * CELL_SECONDS, 10)).toEqual([])
})
