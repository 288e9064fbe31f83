import { expect, it } from 'vitest'
import type { Call } from '@hepscope/shared/call/call.ts'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import { FigureWatch } from '../../../src/worker/figures/figure-watch.ts'
import { Node, START_US } from '../sip-blocks.ts'

const MINUTE_MS = 60_000

/** A call that was refused with a code. */
function refused(callId: string, code: number, atMs: number): Call {
  const tracker = new CallTracker()
  const block = new Node().block(
    { callId, what: 'INVITE', atMs },
    { callId, what: code, src: '10.0.0.2', dst: '10.0.0.1', toTag: 't', atMs: atMs + 10 },
  )
  tracker.apply(block, 0)
  tracker.apply(block, 1)
  const found = tracker.find(callId)
  if (found === undefined) throw new Error('no call')
  return found
}

it('takes the calls that began within the window', () => {
  const watch = new FigureWatch()
  const calls = [refused('old', 486, 0), refused('new', 503, 10 * MINUTE_MS)]
  const nowUs = START_US + 10.5 * MINUTE_MS * 1000
  expect(watch.figures(calls, nowUs, 5)).toMatchObject({ decided: 1, isa: { part: 1, whole: 1 } })
  expect(watch.figures(calls, nowUs, 15)).toMatchObject({ decided: 2, seer: { part: 1, whole: 2 } })
})

it('goes on counting calls that are forgotten, until the window has passed', () => {
  const watch = new FigureWatch()
  watch.noteRemoved(refused('gone', 486, 0))
  expect(watch.figures([], START_US + MINUTE_MS * 1000, 5).decided).toBe(1)
  expect(watch.figures([], START_US + 6 * MINUTE_MS * 1000, 5).decided).toBe(0)
})

it('remembers an hour of forgotten calls, no more', () => {
  const watch = new FigureWatch()
  for (let minute = 0; minute < 100; minute++) watch.noteRemoved(refused(`c${minute}`, 486, minute * MINUTE_MS))
  expect(watch.figures([], START_US + 99 * MINUTE_MS * 1000, 60).decided).toBe(60)
})
