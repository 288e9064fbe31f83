import { cpSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { EngineWorld, StoreEngine } from '../../../src/store/engine.ts'
import type { StoreOptions } from '../../../src/store/options.ts'
import { Blocks, EPOCH, packetOf, sipText, START_US } from '../blocks.ts'
import { engineAt as openAt, newDataDir } from '../data-dir.ts'
import { shareStorage, STORAGE_KINDS, useStorage } from '../storage-kinds.ts'
import { calls, fixtureBlocks, liveRows, storedRows } from './fixture-blocks.ts'

const FIXTURES = [
  'opensips-hep3-tcp.bin',
  'opensips-hep3-udp.pcap',
  'opensips-hep1-udp.pcap',
  'kamailio-hep2-udp.pcap',
  'kamailio-rtpengine-hep3-udp.pcap',
  'sip-20-calls.pcap',
]

const ALL = { param: { limit: 50_000 } }

const faults: unknown[] = []

afterEach(() => expect(faults.splice(0)).toEqual([]))

/** An engine of which every fault fails the test. */
function engineAt(dataDir: string, options: Partial<StoreOptions> = {}, world: EngineWorld = {}): Promise<StoreEngine> {
  return openAt(dataDir, options, { ...world, onFault: (fault) => faults.push(fault) })
}

/** The disk as a kill would leave it. */
function killed(dataDir: string): string {
  const copy = newDataDir()
  cpSync(dataDir, copy, { recursive: true })
  shareStorage(dataDir, copy)
  return copy
}

async function append(engine: StoreEngine, blocks: readonly EventBlock[]): Promise<void> {
  for (const block of blocks) engine.append(block)
  await engine.flush()
}

describe('table of calls', () => {
  it.each(FIXTURES)('says of %s what the live list says, hot, sealed and read back', async (name) => {
    const blocks = fixtureBlocks(name, 100)
    const live = liveRows(blocks)
    expect(live.size).toBeGreaterThanOrEqual(20)
    const dataDir = newDataDir()
    const engine = await engineAt(dataDir)
    await append(engine, blocks)
    expect(storedRows(await calls(engine, ALL))).toEqual(live)
    const again = await engineAt(killed(dataDir))
    await again.flush()
    expect(storedRows(await calls(again, ALL))).toEqual(live)
    await engine.seal()
    expect(storedRows(await calls(engine, ALL))).toEqual(live)
    await engine.close()
    const sealed = await engineAt(dataDir)
    expect(storedRows(await calls(sealed, ALL))).toEqual(live)
  })

  it('has one row of a call of which versions are hot and in several files, and only its newest state', async () => {
    const blocks = new Blocks()
    const engine = await engineAt(newDataDir())
    await append(engine, [blocks.of(packetOf(sipText()))])
    await engine.seal()
    await append(engine, [blocks.of(answer('180 Ringing', 1))])
    await engine.seal()
    await append(engine, [blocks.of(answer('486 Busy Here', 2))])
    expect(await calls(engine)).toEqual([expect.objectContaining({ state: 'busy', message_count: 3 })])
    expect(await calls(engine, { filter: { state: ['setup', 'ringing'] } })).toEqual([])
    await engine.seal()
    expect(await calls(engine)).toEqual([expect.objectContaining({ state: 'busy', message_count: 3 })])
    expect(await calls(engine, { q: 'state:ringing' })).toEqual([])
    expect(await calls(engine, { q: 'state:busy' })).toHaveLength(1)
  })

  it('takes a call away that turned out to be a leg of another, sealed or not', async () => {
    const blocks = new Blocks()
    const engine = await engineAt(newDataDir())
    const legB = sipText({ callId: 'leg-b@x', from: '<sip:pbx@x>;tag=b1' })
    await append(engine, [blocks.of(packetOf(sipText({ callId: 'leg-a@x' })), packetOf(legB))])
    expect(await calls(engine)).toHaveLength(2)
    await engine.seal()
    await append(engine, [blocks.of(packetOf(legB, { correlationId: 'leg-a@x', tsUs: START_US + 1_000_000 }))])
    const joined = [expect.objectContaining({ session_id: 'leg-a@x', call_ids: ['leg-a@x', 'leg-b@x'], leg_count: 2 })]
    expect(await calls(engine)).toEqual(joined)
    await engine.seal()
    expect(await calls(engine)).toEqual(joined)
  })

  it('says of calls that ran meanwhile that events are missing between two blocks', async () => {
    const blocks = new Blocks()
    const engine = await engineAt(newDataDir())
    const kept = blocks.of(packetOf(sipText()))
    blocks.of(answer('180 Ringing', 1))
    await append(engine, [kept, blocks.of(answer('200 OK', 2))])
    expect(await calls(engine)).toEqual([expect.objectContaining({ state: 'in-call', evidence: ['gap-inside'] })])
  })

  it('keeps the rows of calls that it follows no more', async () => {
    const engine = await engineAt(newDataDir(), { maxCalls: 10 })
    await append(engine, [new Blocks().invites(200)])
    const rows = await calls(engine, ALL)
    expect(new Set(rows.map((row) => row.session_id)).size).toBe(200)
    await engine.seal()
    expect(await calls(engine, ALL)).toHaveLength(200)
  })

  it('ends calls by time alone', async () => {
    let nowMs = START_US / 1000
    const engine = await engineAt(newDataDir(), {}, { now: () => nowMs })
    await append(engine, [new Blocks().of(packetOf(sipText()))])
    await expect.poll(async () => (await calls(engine))[0]?.evidence).toEqual([])
    nowMs += 3_600_000
    await expect.poll(async () => (await calls(engine))[0]?.evidence, { timeout: 5000 }).toEqual(['silent'])
  })

  it('is in the SQL of admins, one row a call', async () => {
    const engine = await engineAt(newDataDir())
    const blocks = new Blocks()
    await append(engine, [blocks.of(packetOf(sipText()))])
    await engine.seal()
    await append(engine, [blocks.of(answer('486 Busy Here', 1))])
    const sql = 'SELECT state, status_code, len(codes) AS codes FROM hepscope_calls'
    const found = await engine.query({ sql })
    expect(found.ok && JSON.parse(found.json.toString())).toMatchObject({
      data: { items: [{ state: 'busy', status_code: 486, codes: 1 }] },
    })
  })
})

describe.each(STORAGE_KINDS)(
  'table of calls that go on after a restart, sealed to: %s',
  { timeout: 30_000 },
  (kind) => {
    useStorage(kind)

    it(
      'keeps a call whole, and one, whose messages are in files of many sealings and restarts',
      { timeout: 30_000 },
      async () => {
        const blocks = fixtureBlocks('sip-20-calls.pcap', 40)
        expect(blocks.length).toBeGreaterThanOrEqual(6)
        let dataDir = newDataDir()
        for (const [i, block] of blocks.entries()) {
          const engine = await engineAt(dataDir)
          await append(engine, [block])
          expect(storedRows(await calls(engine, ALL))).toEqual(liveRows(blocks.slice(0, i + 1)))
          if (i % 3 !== 2) await engine.seal()
          dataDir = killed(dataDir)
          await engine.close()
        }
        const engine = await engineAt(dataDir)
        await engine.flush()
        expect(storedRows(await calls(engine, ALL))).toEqual(liveRows(blocks))
      },
    )

    it('names a call by its first event, which stays whatever is sealed and started anew', async () => {
      const blocks = new Blocks()
      const dataDir = newDataDir()
      const first = await engineAt(dataDir)
      await append(first, [blocks.of(packetOf(sipText()))])
      const [before] = await calls(first)
      expect(before).toMatchObject({ state: 'setup', is_running: true, node: 'node-1', seq: 1, last_seq: 1 })
      await first.seal()
      await first.close()
      const second = await engineAt(dataDir)
      await append(second, [blocks.of(answer('180 Ringing', 2), answer('200 OK', 3))])
      const rows = await calls(second)
      expect(rows).toEqual([expect.objectContaining({ uuid: before?.uuid, ts_us: before?.ts_us, seq: 1, last_seq: 3 })])
      expect(rows[0]).toMatchObject({ state: 'in-call', codes: [180, 200], ring_us: 1_000_000, evidence: [] })
      expect(Number(rows[0]?.version)).toBeGreaterThan(Number(before?.version))
    })

    it('says of calls that ran through a restart that their node was away, and not of others', async () => {
      const dataDir = newDataDir()
      const blocks = new Blocks()
      const first = await engineAt(dataDir)
      await append(first, [blocks.of(packetOf(sipText()), packetOf(sipText({ callId: 'busy@x' })))])
      await append(first, [blocks.of(answer('486 Busy Here', 1, 'busy@x'))])
      await first.seal()
      await first.close()
      const second = await engineAt(dataDir)
      const later = new Blocks('node-1', EPOCH + 60_000)
      await append(second, [later.of(answer('200 OK', 60), answer('486 Busy Here', 60, 'busy@x'))])
      await append(second, [later.of(packetOf(sipText({ callId: 'new@x' }), { tsUs: START_US + 61_000_000 }))])
      const evidence = (await calls(second)).map((row) => [row.session_id, row.evidence])
      expect(evidence).toEqual([
        ['new@x', []],
        ['busy@x', []],
        ['call-1@example.com', ['gap-inside']],
      ])
    })

    it('takes up what an earlier run left open, so that it can end in silence', async () => {
      let nowMs = START_US / 1000
      const dataDir = newDataDir()
      const first = await engineAt(dataDir, {}, { now: () => nowMs })
      await append(first, [new Blocks().of(packetOf(sipText()))])
      await first.seal()
      await first.close()
      const second = await engineAt(dataDir, {}, { now: () => nowMs })
      await expect.poll(() => second.stats().calls, { timeout: 5000 }).toBe(1)
      nowMs += 3_600_000
      await expect.poll(async () => (await calls(second))[0]?.evidence, { timeout: 5000 }).toEqual(['silent'])
    })
  },
)

/** An answer to the INVITE of `sipText`, so many seconds after it. */
function answer(status: string, seconds: number, callId = 'call-1@example.com') {
  return packetOf(sipText({ callId, startLine: `SIP/2.0 ${status}`, to: '<sip:bob@example.net>;tag=b' }), {
    tsUs: START_US + seconds * 1_000_000,
    srcIp: '192.0.2.200',
    dstIp: '192.0.2.1',
    srcPort: 5062,
    dstPort: 5060,
  })
}
