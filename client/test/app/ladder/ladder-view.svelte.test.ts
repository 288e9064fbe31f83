import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Aliases } from '../../../src/app/ladder/aliases/aliases.svelte.ts'
import { Ladder } from '../../../src/app/ladder/ladder.svelte.ts'
import { DEFAULT_VIEW } from '../../../src/app/ladder/ladder-view.ts'
import type { LadderMessage } from '../../../src/app/ladder/message.ts'
import type { MessageRow } from '../../../src/app/ladder/row.ts'
import { hideLane, mergeLanes } from '../../../src/app/ladder/view-changes.ts'
import { viewAfter } from '../../../src/app/ladder/view-action.ts'
import { privacy } from '../../../src/app/privacy/privacy.svelte.ts'
import { messagesOf } from '../../ladder/messages.ts'

const SCRIPT = `
  0  a>p REGISTER 1 b1
  1  p>a 401 REGISTER 1 b1
  2  a>p REGISTER 2 b2
  3  p>a 200 REGISTER 2 b2
  10 a>p BYE 3 b3 agent=1
  10.4 a>p BYE 3 b3 agent=2`

let ladder: Ladder

const rows = (): readonly MessageRow[] => ladder.rows.filter((row) => row.kind === 'message')
function rowAt(index: number): MessageRow {
  const row = rows().at(index)
  if (row === undefined) throw new Error(`no row ${index}`)
  return row
}
const labels = (): string[] => rows().map(({ label }) => label)
const give = (messages: readonly LadderMessage[]): void =>
  ladder.receive({ asked: ['call-1'], calls: [], messages, gaps: [] })

beforeEach(() => {
  ladder = new Ladder(['call-1'], 0, true, async () => ({ kind: 'off' }))
  give(messagesOf(SCRIPT))
})
afterEach(() => {
  ladder.close()
  vi.unstubAllGlobals()
})

describe('Ladder', () => {
  it('folds an answered challenge, and unfolds and folds it again', () => {
    expect(labels()).toEqual(['REGISTER → 401 · auth folded', 'REGISTER', '200 OK', 'BYE'])
    ladder.select('n1:1:1')
    expect([ladder.canFold(true), ladder.canFold(false)]).toEqual([false, true])
    ladder.unfold(rowAt(0))
    expect(labels().slice(0, 2)).toEqual(['REGISTER', '401'])
    ladder.select('n1:1:2')
    expect([ladder.canFold(true), ladder.canFold(false)]).toEqual([true, false])
    ladder.fold(rowAt(1))
    expect(labels()[0]).toBe('REGISTER → 401 · auth folded')
  })

  it('keeps a chosen message chosen when it is folded away', () => {
    ladder.select('n1:1:2')
    expect(ladder.indexOf('n1:1:2')).toBe(0)
    expect(ladder.selected).toMatchObject({ key: 'n1:1:1', message: { key: 'n1:1:2', statusCode: 401 } })
  })

  it('lists the copies of a message', () => {
    const bye = rowAt(-1)
    ladder.select(bye.key)
    expect(ladder.canFold(false)).toBe(true)
    ladder.unfold(bye)
    expect(labels().slice(-2)).toEqual(['BYE', 'seen by agent 2'])
    ladder.select('n1:1:6')
    expect(ladder.selected).toMatchObject({ copyAfterUs: 400, message: { agentId: 2 } })
    ladder.fold(rowAt(-1))
    expect(labels().at(-1)).toBe('BYE')
    // The copy is chosen still, in the row of the message.
    expect(ladder.selected).toMatchObject({ key: 'n1:1:5', message: { agentId: 2 } })
  })

  it('takes changes of lanes and folds back, one after the other, and no others', () => {
    ladder.change(mergeLanes(ladder.view, '10.0.0.1:5060', '10.0.0.16:5060'))
    ladder.change({ ...ladder.view, colour: 'cseq' })
    ladder.change(hideLane(ladder.view, '10.0.0.1:5060'))
    expect(ladder.rows).toEqual([])
    ladder.undo()
    expect(ladder.lanes).toHaveLength(1)
    ladder.undo()
    expect(ladder.view).toEqual({ ...DEFAULT_VIEW, colour: 'cseq' })
    ladder.undo()
    expect(ladder.view).toEqual({ ...DEFAULT_VIEW, colour: 'cseq' })
  })

  it('is shown as an address says, and says so itself', () => {
    ladder.showText('lanes=address;fold=all;time=start')
    expect(ladder.view).toMatchObject({ laneBy: 'address', fold: 'all', time: 'start' })
    expect(ladder.viewText).toBe('lanes=address;time=start;fold=all')
    expect(labels()).toEqual(['REGISTER → 401 · auth folded', 'REGISTER → 200 OK', 'BYE'])
  })

  it('marks two messages for comparison, a third in the place of the first', () => {
    for (const key of ['n1:1:3', 'n1:1:4', 'n1:1:5']) {
      ladder.select(key)
      ladder.toggleCompare()
    }
    expect(ladder.view.compare).toEqual(['n1:1:4', 'n1:1:5'])
    ladder.toggleCompare()
    expect(ladder.view.compare).toEqual(['n1:1:4'])
  })

  it('keeps its lanes where they are while messages come in', () => {
    give(messagesOf('-5 c>a INVITE 9 b9 seq=90'))
    expect(ladder.lanes.map((lane) => lane.id)).toEqual(['10.0.0.1:5060', '10.0.0.16:5060', '10.0.0.3:5060'])
    expect(ladder.rows[0]).toMatchObject({ label: 'INVITE', fromLane: 2, toLane: 0 })
  })

  it('keeps what was said of its lanes when privacy is switched', () => {
    const split = mergeLanes({ ...DEFAULT_VIEW, pinned: ['10.0.0.16:5060'] }, '10.0.0.1:5060', '[2001:db8::1]:5060')
    ladder.change(split)
    const text = ladder.viewText
    privacy.toggle()
    try {
      const masked = new Ladder(['call-1'], 0, true, async () => ({ kind: 'off' }))
      masked.receive({ asked: ['call-1'], calls: [], messages: messagesOf(SCRIPT), gaps: [] })
      masked.showText(text)
      expect(masked.lanes.map((lane) => lane.isPinned)).toEqual([true, false])
      expect(masked.lanes.map((lane) => lane.id).join()).not.toContain('10.0.0.')
      masked.change(hideLane(masked.view, masked.lanes[1]?.id ?? ''))
      expect(masked.viewText).toContain('hide=10.0.0.1:5060')
      masked.showText(text)
      expect(masked.viewText).toBe(text)
      masked.close()
    } finally {
      privacy.toggle()
    }
  })

  it('names its lanes as the aliases say, at once when they change', () => {
    vi.stubGlobal('localStorage', storage())
    const aliases = new Aliases()
    ladder.useAliases(aliases)
    aliases.replace(new Map([['10.0.0.16', 'registrar']]))
    expect(ladder.lanes.map((lane) => lane.name)).toEqual(['', 'registrar'])
    expect(new Aliases().nameOf('10.0.0.16', 5060)).toBe('registrar')
  })
})

describe('viewAfter', () => {
  it.each([
    ['time', { time: 'start' }],
    ['colour', { colour: 'direction' }],
    ['compact', { isCompact: true }],
    ['lanes', { laneBy: 'address' }],
    ['legs', { hasSplitLegs: true }],
    ['sdp', { sdp: 'full' }],
    ['only-sdp', { show: 'sdp' }],
    ['media', { show: 'signalling' }],
    ['only-media', { show: 'media' }],
    ['fold-all', { fold: 'all' }],
  ] as const)('of "%s" is %j', (action, change) => {
    expect(viewAfter(DEFAULT_VIEW, action)).toEqual({ ...DEFAULT_VIEW, ...change })
  })

  it('comes back to where it was', () => {
    let view = DEFAULT_VIEW
    for (const action of ['only-sdp', 'only-sdp', 'compact', 'compact', 'legs', 'legs'] as const)
      view = viewAfter(view, action) ?? view
    expect(view).toEqual(DEFAULT_VIEW)
    expect(viewAfter(view, 'close')).toBeUndefined()
  })
})

function storage(): Pick<Storage, 'getItem' | 'setItem'> {
  const items = new Map<string, string>()
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => void items.set(key, value) }
}
