import { describe, expect, it } from 'vitest'
import { listStateOf } from '../../../src/app/calls/list-state.ts'
import type { ListRow } from '../../../src/worker/protocol.ts'

const rows = (...keys: number[]): ListRow[] =>
  keys.map((key) => ({ type: 'gap', key, gap: { key: '', node: '', count: 1, fromUs: 0, toUs: 0, isRestart: false } }))

describe('listStateOf', () => {
  it('is told by where the list stands', () => {
    expect(listStateOf({ isFollowing: true, rows: rows(3, 2, -1) })).toBe('live')
    expect(listStateOf({ isFollowing: false, rows: rows(4, 3, 2, -1) })).toBe('paused')
    expect(listStateOf({ isFollowing: false, rows: rows(2, -1, -2) })).toBe('history')
    expect(listStateOf({ isFollowing: false, rows: [] })).toBe('paused')
  })
})
