import { expect, it } from 'vitest'
import { RATE_SECONDS, RateWatch } from '../../../src/worker/figures/rate-watch.ts'
import { invites, Node, START_US } from '../sip-blocks.ts'

const SECOND = START_US / 1_000_000

it('counts requests by method and answers by class, each second apart', () => {
  const watch = new RateWatch()
  const node = new Node()
  watch.note(node.block(...invites('a', 'b'), { callId: 'c', what: 'PUBLISH' }), 0)
  watch.note(node.block({ callId: 'a', what: 180, atMs: 1000 }, { callId: 'b', what: 486, atMs: 1001 }), 0)
  const { firstSecond, values } = watch.series(SECOND + 2)
  const last = (name: keyof typeof values): number[] => [...values[name].slice(-2)]
  expect(firstSecond).toBe(SECOND + 2 - RATE_SECONDS)
  expect([last('INVITE'), last('other'), last('1xx'), last('4xx'), last('2xx')]).toEqual([
    [2, 0],
    [1, 0],
    [0, 1],
    [0, 1],
    [0, 0],
  ])
})

it('does not count rows that were counted', () => {
  const watch = new RateWatch()
  watch.note(new Node().block(...invites('a', 'b', 'c')), 2)
  expect(watch.series(SECOND + 1).values.INVITE.at(-1)).toBe(1)
})

it('forgets what is older than it keeps', () => {
  const watch = new RateWatch()
  const node = new Node()
  watch.note(node.block(...invites('a')), 0)
  watch.note(node.block({ callId: 'b', what: 'INVITE', atMs: RATE_SECONDS * 1000 }), 0)
  const { INVITE } = watch.series(SECOND + RATE_SECONDS + 1).values
  expect(INVITE.reduce((sum, count) => sum + count, 0)).toBe(1)
  expect(watch.series(SECOND + 3 * RATE_SECONDS).values.INVITE.every((count) => count === 0)).toBe(true)
})
