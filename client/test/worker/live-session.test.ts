import { beforeEach, describe, expect, it } from 'vitest'
import { LiveSession } from '../../src/worker/live-session.ts'
import type { ListRow, ListView } from '../../src/worker/protocol.ts'
import { invites, Node, type Said, START_MS } from './sip-blocks.ts'

/** The page's half: keeps rows by key as `LiveFeed` does. */
class Page {
  readonly session: LiveSession
  nowMs = START_MS
  view: ListView | undefined
  #rows = new Map<number, ListRow>()

  constructor(session = new LiveSession()) {
    this.session = session
    session.noteOpen(this.nowMs - 10_000)
    session.handle({ type: 'window', first: 0, count: 50 })
  }

  /** Draw a frame; returns the rows as text. */
  draw(): string[] {
    this.nowMs += 20
    const list = this.session.frame(this.nowMs)?.list
    if (list !== undefined) {
      for (const row of list.changed) this.#rows.set(row.key, row)
      this.view = list
    }
    return (this.view?.keys ?? []).map((key) => {
      const row = this.#rows.get(key)
      if (row === undefined) return '(not sent)'
      return row.type === 'gap' ? `gap ${row.gap.count}` : `${row.id} ${row.state}`
    })
  }
}

let node: Node
let page: Page

beforeEach(() => {
  node = new Node()
  page = new Page()
})

function receive(...said: readonly Said[]): void {
  page.session.receive(node.block(...said), page.nowMs)
}

const answer = (callId: string, what: number, atMs = 0): Said => ({ callId, what, atMs, toTag: 't' })

describe('LiveSession: list', () => {
  it('shows the newest call first and sends only what changed', () => {
    receive(...invites('a', 'b'))
    expect(page.draw()).toEqual(['b setup', 'a setup'])
    expect(page.view?.changed).toHaveLength(2)
    receive(answer('a', 180))
    expect(page.draw()).toEqual(['b setup', 'a ringing'])
    expect(page.view?.changed.map((row) => row.type === 'call' && row.id)).toEqual(['a'])
    expect(page.session.frame(page.nowMs + 1)?.list).toBeUndefined()
  })

  it('sends the window alone, with the total', () => {
    page.session.handle({ type: 'window', first: 1, count: 2 })
    receive(...invites('a', 'b', 'c', 'd'))
    expect(page.draw()).toEqual(['c setup', 'b setup'])
    expect(page.view).toMatchObject({ first: 1, total: 4, callCount: 4 })
  })

  it('moves a window that is past the end', () => {
    page.session.handle({ type: 'window', first: 1000, count: 2 })
    receive(...invites('a', 'b', 'c'))
    expect(page.draw()).toEqual(['b setup', 'a setup'])
    expect(page.view?.first).toBe(1)
  })

  it('stands still while paused, counts what waits, and lets states change', () => {
    receive(...invites('a', 'b'))
    page.draw()
    page.session.handle({ type: 'follow', isFollowing: false })
    receive(...invites('c', 'd', 'e'), answer('a', 180))
    expect(page.draw()).toEqual(['b setup', 'a ringing'])
    expect(page.view).toMatchObject({ waiting: 3, isFollowing: false, total: 2 })
    page.session.handle({ type: 'follow', isFollowing: true })
    expect(page.draw()).toEqual(['e setup', 'd setup', 'c setup', 'b setup', 'a ringing'])
    expect(page.view).toMatchObject({ waiting: 0, isFollowing: true })
  })

  it('tells where the cursor row has gone', () => {
    receive(...invites('a'))
    page.draw()
    page.session.handle({ type: 'cursor', key: page.view?.keys[0] })
    receive(...invites('b', 'c'))
    page.draw()
    expect(page.view?.cursorIndex).toBe(2)
    page.session.handle({ type: 'cursor', key: 99_999 })
    page.draw()
    expect(page.view?.cursorIndex).toBe(-1)
  })

  it('hides what is no call until all dialogs are asked for', () => {
    receive({ callId: 'r', what: 'REGISTER' }, ...invites('a'), { callId: 'o', what: 'OPTIONS' })
    expect(page.draw()).toEqual(['a setup'])
    page.session.handle({ type: 'scope', scope: 'all' })
    expect(page.draw()).toEqual(['o pending', 'a setup', 'r pending'])
  })

  it('sorts by a column and back', () => {
    receive(
      { callId: 'a', what: 'INVITE', from: 'zoe' },
      { callId: 'b', what: 'INVITE', from: 'adam' },
      ...invites('c'),
    )
    page.session.handle({ type: 'sort', order: { key: 'from', isDescending: false } })
    expect(page.draw()).toEqual(['b setup', 'c setup', 'a setup'])
    page.session.handle({ type: 'sort', order: { key: 'from', isDescending: true } })
    expect(page.draw()).toEqual(['a setup', 'c setup', 'b setup'])
    page.session.handle({ type: 'sort', order: { key: 'arrival', isDescending: false } })
    expect(page.draw()).toEqual(['a setup', 'b setup', 'c setup'])
  })
})

describe('LiveSession: filter', () => {
  it('shows a call of which one message matches, before or after', () => {
    receive(...invites('a', 'b', 'c'), answer('b', 486))
    expect(page.session.handle({ type: 'filter', text: 'code:486' })).toBe(true)
    expect(page.draw()).toEqual(['b busy'])
    receive(answer('a', 486), ...invites('d'))
    expect(page.draw()).toEqual(['b busy', 'a busy'])
  })

  it('shows everything again for an empty text', () => {
    receive(...invites('a', 'b'))
    page.session.handle({ type: 'filter', text: 'callid:a' })
    expect(page.draw()).toEqual(['a setup'])
    page.session.handle({ type: 'filter', text: ' ' })
    expect(page.draw()).toEqual(['b setup', 'a setup'])
  })

  it('keeps the last filter when a text does not parse', () => {
    receive(...invites('a', 'b'))
    page.session.handle({ type: 'filter', text: 'callid:a' })
    expect(page.session.handle({ type: 'filter', text: 'callid:a and (' })).toBe(false)
    expect(page.draw()).toEqual(['a setup'])
  })

  it('applies to a paused list as well', () => {
    receive(...invites('a', 'b'))
    page.session.handle({ type: 'follow', isFollowing: false })
    page.session.handle({ type: 'filter', text: 'callid:a' })
    expect(page.draw()).toEqual(['a setup'])
    expect(page.view?.waiting).toBe(0)
  })
})

describe('LiveSession: gaps', () => {
  it('puts a gap row where events are missing, counts it and marks calls that ran', () => {
    receive(...invites('a'))
    node.block(...invites('lost', 'lost2'))
    receive(...invites('b'))
    expect(page.draw()).toEqual(['b setup', 'gap 2', 'a setup'])
    expect(page.view).toMatchObject({ total: 3, callCount: 2 })
    page.nowMs += 1000
    const counters = page.session.frame(page.nowMs)?.counters
    expect(counters).toMatchObject({ missing: 2, events: 2, calls: 2 })
    expect(counters?.lastGap).toMatchObject({ node: 'fra', count: 2 })
    page.session.handle({ type: 'ladder', callIds: ['a'] })
    const ladder = page.session.frame(page.nowMs + 20)?.ladder
    expect(ladder?.gaps.map((gap) => gap.count)).toEqual([2])
    expect(ladder?.calls[0]?.evidence).toContain('gap-inside')
  })

  it('takes no event twice', () => {
    const block = node.block(...invites('a'))
    page.session.receive(block, page.nowMs)
    page.session.receive(block, page.nowMs)
    page.session.handle({ type: 'ladder', callIds: ['a'] })
    expect(page.session.frame(page.nowMs)?.ladder?.messages).toHaveLength(1)
  })
})

describe('LiveSession: ladder', () => {
  it('sends what there is of a call, then what comes', () => {
    receive(...invites('a', 'b'), answer('a', 100))
    page.session.handle({ type: 'ladder', callIds: ['a'] })
    const first = page.session.frame(page.nowMs)?.ladder
    expect(first?.messages.map((message) => message.statusCode)).toEqual([0, 100])
    expect(first?.calls.map((call) => call.id)).toEqual(['a'])
    expect(first?.messages[0]).toMatchObject({ key: 'fra:1000:1', callId: 'a', method: 'INVITE', srcIp: '10.0.0.1' })
    expect(first?.messages[0]?.payload).toMatch(/^INVITE sip:bob@example.com SIP\/2.0\r\n/)
    expect(page.session.frame(page.nowMs)?.ladder).toBeUndefined()
    receive(answer('a', 180), answer('b', 180))
    expect(page.session.frame(page.nowMs)?.ladder?.messages.map((message) => message.callId)).toEqual(['a'])
  })

  it('waits for a call that it does not know yet', () => {
    page.session.handle({ type: 'ladder', callIds: ['later'] })
    expect(page.session.frame(page.nowMs)?.ladder).toEqual({ asked: ['later'], calls: [], messages: [], gaps: [] })
    receive(...invites('later'))
    expect(page.session.frame(page.nowMs)?.ladder?.messages).toHaveLength(1)
  })

  it('takes in another leg when it joins, with what came before', () => {
    receive(...invites('leg-a', 'leg-b'))
    page.session.handle({ type: 'ladder', callIds: ['leg-a'] })
    page.session.frame(page.nowMs)
    receive({ callId: 'leg-b', what: 'INVITE', aLeg: 'leg-a', atMs: 5 })
    const frame = page.session.frame(page.nowMs)
    const update = frame?.ladder
    expect(new Set(update?.messages.map((message) => message.key))).toEqual(
      new Set(['fra:1000:1', 'fra:1000:2', 'fra:1000:3']),
    )
    expect(update?.calls[0]?.legs).toEqual(['leg-a', 'leg-b'])
    expect(frame?.list).toMatchObject({ total: 1, callCount: 1 })
  })

  it('sends several calls as one ladder, and nothing after it is closed', () => {
    receive(...invites('a', 'b', 'c'))
    page.session.handle({ type: 'ladder', callIds: ['a', 'c'] })
    expect(page.session.frame(page.nowMs)?.ladder?.messages.map((message) => message.callId)).toEqual(['a', 'c'])
    page.session.handle({ type: 'ladder', callIds: [] })
    receive(answer('a', 180))
    expect(page.session.frame(page.nowMs)?.ladder).toBeUndefined()
  })
})

describe('LiveSession: bounds', () => {
  it('forgets the oldest events and calls', () => {
    page = new Page(new LiveSession({ events: 50, bytes: 1 << 30, calls: 20 }))
    for (let i = 0; i < 100; i++) {
      receive({ callId: `c${i}`, what: 'INVITE', atMs: i }, answer(`c${i}`, 486, i))
    }
    const rows = page.draw()
    expect(rows[0]).toBe('c99 busy')
    expect(page.view?.total).toBe(20)
    page.session.handle({ type: 'filter', text: 'callid:c99' })
    expect(page.draw()).toEqual(['c99 busy'])
  })

  it('keeps a paused list as it is while its calls are forgotten', () => {
    page = new Page(new LiveSession({ events: 50, bytes: 1 << 30, calls: 5 }))
    receive(...invites('a', 'b'))
    page.draw()
    page.session.handle({ type: 'follow', isFollowing: false })
    for (let i = 0; i < 30; i++) receive(...invites(`n${i}`), answer(`n${i}`, 486))
    expect(page.draw().map((row) => row.split(' ')[0])).toEqual(['b', 'a'])
  })
})

describe('LiveSession: counters', () => {
  it('counts calls by what became of them', () => {
    receive(...invites('a', 'b', 'c', 'd'), { callId: 'o', what: 'OPTIONS' })
    receive(answer('a', 200), answer('b', 486), answer('c', 503))
    page.nowMs += 300
    const counters = page.session.frame(page.nowMs)?.counters
    expect(counters).toMatchObject({
      calls: 4,
      callsNow: 2,
      answered: 1,
      unanswered: 1,
      failed: 1,
      otherDialogs: 1,
      events: 8,
      agentCount: 1,
      nodes: ['fra'],
    })
  })

  it('come four times a second', () => {
    receive(...invites('a'))
    expect(page.session.frame(START_MS + 100)?.counters).toBeDefined()
    expect(page.session.frame(START_MS + 300)?.counters).toBeUndefined()
    expect(page.session.frame(START_MS + 350)?.counters).toBeDefined()
  })
})

describe('LiveSession: filter over calls', () => {
  it('shows calls while the condition holds of them', () => {
    page.session.handle({ type: 'filter', text: 'state:ringing' })
    receive(...invites('a', 'b'))
    expect(page.draw()).toEqual([])
    receive(answer('a', 180))
    expect(page.draw()).toEqual(['a ringing'])
    receive(answer('a', 486, 10))
    expect(page.draw()).toEqual([])
  })

  it('joins conditions on the call with those on a message that came long before', () => {
    page.session.handle({ type: 'filter', text: 'is:failed method:INVITE from:alice' })
    receive(...invites('a'), { callId: 'b', what: 'INVITE', from: 'otto' })
    receive(answer('a', 503), { ...answer('b', 503), from: 'otto' })
    expect(page.draw()).toEqual(['a failed'])
  })

  it('finds a message again when the call makes it match', () => {
    page.session.handle({ type: 'filter', text: 'from:nobody or (is:failed and from:alice)' })
    receive(...invites('a', 'b'), answer('a', 503))
    expect(page.draw()).toEqual(['a failed'])
  })

  it('sees what time makes of a call', () => {
    page.session.handle({ type: 'filter', text: 'is:no-ack' })
    receive(...invites('a'), answer('a', 200))
    expect(page.draw()).toEqual([])
    page.nowMs += 6000
    page.draw()
    expect(page.draw()).toEqual(['a in-call'])
  })

  it('shows the kinds that it names whatever the scope', () => {
    receive({ callId: 'r', what: 'REGISTER' }, ...invites('a'))
    expect(page.draw()).toEqual(['a setup'])
    page.session.handle({ type: 'filter', text: 'kind:registration' })
    expect(page.draw()).toEqual(['r pending'])
  })

  it('counts problems, whatever the filter', () => {
    page.session.handle({ type: 'filter', text: 'from:nobody' })
    receive(...invites('a', 'b'), answer('a', 503), answer('b', 404))
    page.nowMs += 1000
    expect(page.session.frame(page.nowMs)?.counters?.problems).toMatchObject({ failed: 2, scanner: 0 })
  })
})

describe('LiveSession: statistics', () => {
  it('are sent while they are wanted', () => {
    receive(...invites('a', 'b'), answer('a', 486), { callId: 'r', what: 'REGISTER' })
    page.nowMs += 2000
    expect(page.session.frame(page.nowMs)?.statistics).toBeUndefined()
    page.session.handle({ type: 'statistics', isWanted: true })
    page.nowMs += 20
    expect(page.session.frame(page.nowMs)?.statistics).toMatchObject({
      dialogs: 3,
      kinds: [
        { name: 'call', count: 2 },
        { name: 'registration', count: 1 },
      ],
      methods: [
        { name: 'INVITE', count: 2 },
        { name: 'REGISTER', count: 1 },
      ],
      codes: [{ name: '486', count: 1 }],
      agents: [{ name: '2001', count: 4 }],
      nodes: [{ name: 'fra', count: 4 }],
    })
    page.nowMs += 500
    expect(page.session.frame(page.nowMs)?.statistics).toBeUndefined()
    page.nowMs += 600
    expect(page.session.frame(page.nowMs)?.statistics).toBeDefined()
    page.session.handle({ type: 'statistics', isWanted: false })
    page.nowMs += 2000
    expect(page.session.frame(page.nowMs)?.statistics).toBeUndefined()
  })
})
