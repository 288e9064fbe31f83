import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Ladder } from '../../../src/app/ladder/ladder.svelte.ts'
import type { LadderMessage } from '../../../src/app/ladder/message.ts'
import type { CallRow, LadderUpdate } from '../../../src/worker/protocol.ts'

const START_US = 1_769_868_000_000_000

function message(seq: number, more: Partial<LadderMessage> = {}): LadderMessage {
  return {
    key: `fra:1:${seq}`,
    node: 'fra',
    epoch: 1,
    seq,
    tsUs: START_US + seq * 1000,
    srcIp: '10.0.0.1',
    srcPort: 5060,
    dstIp: '10.0.0.2',
    dstPort: 5060,
    transport: 'udp',
    proto: 1,
    method: 'INVITE',
    statusCode: 0,
    reason: '',
    cseqNumber: seq,
    callId: 'a',
    branch: `b${seq}`,
    fromTag: 'f',
    toTag: '',
    hasSdp: false,
    agentId: 1,
    agentName: '',
    payload: undefined,
    raw: undefined,
    ...more,
  }
}

function call(id: string, more: Partial<CallRow> = {}): CallRow {
  return {
    type: 'call',
    key: 1,
    id,
    kind: 'call',
    state: 'setup',
    stateClass: 'wait',
    statusCode: 0,
    reason: '',
    from: 'alice',
    to: 'bob',
    route: [],
    startUs: START_US,
    startClockUs: START_US,
    setupUs: undefined,
    lengthUs: undefined,
    talkUs: undefined,
    messageCount: 1,
    legs: [id],
    evidence: [],
    method: 'INVITE',
    source: '10.0.0.1:5060',
    destination: '10.0.0.2:5060',
    ringUs: undefined,
    repeatCount: 0,
    nodes: ['fra'],
    agents: ['1'],
    userAgent: '',
    transport: 'udp',
    codec: '',
    hangupSide: undefined,
    problems: [],
    ...more,
  }
}

function update(messages: readonly LadderMessage[], calls: readonly CallRow[] = [call('a')]): LadderUpdate {
  return { asked: ['a'], calls, messages, gaps: [] }
}

type Stored = Readonly<Record<string, unknown>>

/** Rows of the store by Call-ID; the answers wait for `release`. */
let stored: Stored[]
let asked: { session_ids: string[]; timestamp?: unknown }[]
let status: number
let ladder: Ladder | undefined

const storedRow = (seq: number, payload: string | undefined): Stored => ({
  node: 'fra',
  epoch: '1',
  seq: String(seq),
  ts_us: START_US + seq * 1000,
  session_id: 'a',
  cseq_method: 'INVITE',
  branch: `b${seq}`,
  cseq: seq,
  src_ip: '10.0.0.1',
  src_port: 5060,
  dst_ip: '10.0.0.2',
  dst_port: 5060,
  protocol: 17,
  proto_type: 1,
  flags: 0,
  payload,
})

beforeEach(() => {
  stored = []
  asked = []
  status = 200
  vi.stubGlobal('fetch', async (_path: string, init: RequestInit) => {
    asked.push(JSON.parse(init.body as string) as { session_ids: string[] })
    const body = status === 200 ? { data: { items: stored } } : { error: { detail: 'broken' } }
    return new Response(JSON.stringify(body), { status })
  })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  ladder?.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function open(mayRead = true): Promise<Ladder> {
  ladder = new Ladder(['a'], START_US / 1000, mayRead)
  await settled()
  return ladder
}

/** All answers that are on their way have come. */
async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
  for (let i = 0; i < 20; i++) await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
}

describe('Ladder', () => {
  it('asks the store once for the Call-IDs, a day around the start', async () => {
    stored = [storedRow(1, 'INVITE x')]
    const open1 = await open()
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ session_ids: ['a'], timestamp: { from: START_US / 1000 - 86_400_000 } })
    expect(open1.stored.kind).toBe('loaded')
    open1.receive(update([message(2)]))
    await settled()
    expect(asked.filter(({ timestamp }) => timestamp === undefined)).toEqual([])
    expect(open1.rows.map((row) => row.key)).toEqual(['fra:1:1', 'fra:1:2'])
  })

  it('merges the live and the stored copy of an event and takes the payload of either', async () => {
    stored = [storedRow(1, 'INVITE stored'), storedRow(2, 'ACK stored')]
    const both = await open()
    both.receive(update([message(1), message(2)]))
    await settled()
    expect(both.rows).toHaveLength(2)
    expect(both.selected?.key).toBe('fra:1:1')
    expect(both.payload).toEqual({ kind: 'text', text: 'INVITE stored' })
  })

  it('selects the first message until somebody chooses', async () => {
    const live = await open()
    live.receive(update([message(5)]))
    expect(live.selectedKey).toBe('fra:1:5')
    live.receive(update([message(3)]))
    expect(live.selectedKey).toBe('fra:1:3')
    live.select('fra:1:5')
    live.receive(update([message(1)]))
    expect(live.selectedKey).toBe('fra:1:5')
  })

  it('fetches a payload that the live stream came without, and waits for it to be stored', async () => {
    const live = await open()
    live.receive(update([message(1)]))
    await settled()
    expect(live.payload).toEqual({ kind: 'loading' })
    stored = [storedRow(1, 'INVITE late')]
    await vi.advanceTimersByTimeAsync(800)
    await settled()
    expect(live.payload).toEqual({ kind: 'text', text: 'INVITE late' })
  })

  it('says that a payload is not stored after some tries', async () => {
    const live = await open()
    live.receive(update([message(1)]))
    for (let i = 0; i < 6; i++) {
      await settled()
      await vi.advanceTimersByTimeAsync(800)
    }
    await settled()
    expect(live.payload).toEqual({ kind: 'not-stored', isStoreOff: false })
  })

  it.each([
    { name: 'is not allowed', mayRead: false, expected: { kind: 'forbidden' } },
    { name: 'is empty', mayRead: true, expected: { kind: 'text', text: '' } },
  ])('tells a payload that $name', async ({ mayRead, expected }) => {
    stored = [storedRow(1, undefined)]
    const live = await open(mayRead)
    await settled()
    expect(live.payload).toEqual(expected)
  })

  it('tells a store that is off and one that fails', async () => {
    status = 503
    const off = await open()
    expect(off.stored).toEqual({ kind: 'off' })
    off.receive(update([message(1)]))
    await settled()
    expect(off.payload).toEqual({ kind: 'not-stored', isStoreOff: true })
    off.close()
    status = 500
    expect((await open()).stored).toEqual({ kind: 'failed', message: 'broken' })
  })

  it('asks for a leg that joins later', async () => {
    const live = await open()
    live.receive(update([message(1)], [call('a', { legs: ['a', 'b'] })]))
    await settled()
    expect(asked.map(({ session_ids }) => session_ids)).toContainEqual(['b'])
    const { length } = asked
    live.receive(update([message(2, { payload: '' })], [call('a', { legs: ['a', 'b'] })]))
    await settled()
    expect(asked.filter(({ session_ids }) => session_ids.includes('b'))).toHaveLength(1)
    expect(asked.length).toBeGreaterThanOrEqual(length)
  })

  it('runs as long as one of its calls does', async () => {
    const live = await open()
    live.receive(update([message(1)], [call('a'), call('b', { key: 2, lengthUs: 5 })]))
    expect(live.isLive).toBe(true)
    live.receive(update([], [call('a', { lengthUs: 9 }), call('b', { key: 2, lengthUs: 5 })]))
    expect(live.isLive).toBe(false)
  })
})
