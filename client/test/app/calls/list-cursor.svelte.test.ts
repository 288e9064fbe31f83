import { beforeEach, describe, expect, it } from 'vitest'
import { ListCursor } from '../../../src/app/calls/list-cursor.svelte.ts'
import type { ListSnapshot } from '../../../src/app/calls/live-feed.svelte.ts'
import type { Live } from '../../../src/app/calls/live.svelte.ts'
import type { CallRow, GapListRow, ListRow } from '../../../src/worker/protocol.ts'

const ROW_PX = 26
const SEEN_ROWS = 10

const call = (key: number): CallRow => ({ type: 'call', key }) as CallRow
const gap = (key: number): GapListRow => ({ type: 'gap', key }) as GapListRow

/** A list of `all`, of which the worker has sent the part from `first` on. */
class FakeLive {
  all: ListRow[]
  feed: { list: ListSnapshot }
  cursor: CallRow | undefined

  constructor(all: ListRow[]) {
    this.all = all
    this.feed = { list: { first: 0, rows: [], total: 0, callCount: 0, waiting: 0, isFollowing: true, cursorIndex: -1 } }
    this.send(0)
  }

  send(first: number, count = 20): void {
    const rows = this.all.slice(first, first + count)
    const cursorIndex = this.all.findIndex((row) => row.key === this.cursor?.key)
    this.feed.list = { ...this.feed.list, first, rows, total: this.all.length, cursorIndex }
  }

  setFollowing(isFollowing: boolean): void {
    this.feed.list = { ...this.feed.list, isFollowing }
  }

  moveTo(row: CallRow | undefined): void {
    this.cursor = row
  }
}

let live: FakeLive
let cursor: ListCursor
let viewport: { scrollTop: number }

function begin(all: ListRow[]): void {
  live = new FakeLive(all)
  viewport = { scrollTop: 0 }
  cursor = new ListCursor(
    () => live as unknown as Live,
    () => viewport as HTMLElement,
  )
  cursor.heightPx = SEEN_ROWS * ROW_PX
}

beforeEach(() => {
  begin(Array.from({ length: 100 }, (_, i) => call(1000 - i)))
})

describe('ListCursor', () => {
  it('begins at the first row and pauses the list', () => {
    cursor.moveBy(1)
    expect(live.cursor?.key).toBe(1000)
    expect(live.feed.list.isFollowing).toBe(false)
    cursor.moveBy(1)
    cursor.moveBy(1)
    expect(live.cursor?.key).toBe(998)
    cursor.moveBy(-5)
    expect(live.cursor?.key).toBe(1000)
  })

  it('scrolls no more than the row needs', () => {
    cursor.moveTo(9, 1)
    expect(viewport.scrollTop).toBe(0)
    cursor.moveBy(1)
    expect(viewport.scrollTop).toBe(ROW_PX)
  })

  it('steps over a gap in the direction of the move', () => {
    begin([call(9), gap(8), call(7)])
    cursor.moveTo(0, 1)
    cursor.moveBy(1)
    expect(live.cursor?.key).toBe(7)
    cursor.moveBy(-1)
    expect(live.cursor?.key).toBe(9)
  })

  it('waits for rows that the worker has not sent yet', () => {
    cursor.moveTo(0, 1)
    cursor.moveTo(99, -1)
    expect(live.cursor?.key).toBe(1000)
    expect(viewport.scrollTop).toBe((100 - SEEN_ROWS) * ROW_PX)
    live.send(80)
    cursor.settle()
    expect(live.cursor?.key).toBe(901)
  })

  it('goes on from where the worker says that the row has moved', () => {
    cursor.moveTo(0, 1)
    live.all = [...Array.from({ length: 50 }, (_, i) => call(2000 - i)), ...live.all]
    live.send(0, 20)
    cursor.moveBy(1)
    live.send(45)
    cursor.settle()
    expect(live.cursor?.key).toBe(999)
  })

  it('pauses when the list is scrolled away from its newest rows, and keeps what is on top there', () => {
    cursor.scrolled(2 * ROW_PX)
    viewport.scrollTop = 2 * ROW_PX
    expect(live.feed.list.isFollowing).toBe(false)
    // Three calls came before the worker knew.
    live.all = [call(1003), call(1002), call(1001), ...live.all]
    live.send(0)
    cursor.settle()
    expect(viewport.scrollTop).toBe(5 * ROW_PX)
  })

  it('goes back to the top when it follows again', () => {
    viewport.scrollTop = 300
    cursor.scrolled(300)
    cursor.resume()
    expect(viewport.scrollTop).toBe(0)
    expect(live.feed.list.isFollowing).toBe(true)
  })

  it('does nothing in an empty list', () => {
    begin([])
    cursor.moveBy(1)
    cursor.moveTo(5, 1)
    expect(live.cursor).toBeUndefined()
  })
})
