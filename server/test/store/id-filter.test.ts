import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { describe, expect, it } from 'vitest'
import type { StoreEngine } from '../../src/store/engine.ts'
import { hashId, idFilter, mayHaveId } from '../../src/store/id-filter.ts'
import { Blocks, packetOf, sipText } from './blocks.ts'
import { engineAt, messages, newDataDir, search } from './data-dir.ts'

const UNITS = 8
const CALLS_OF_UNIT = 3

const hashOf = (id: string): number => hashId(Buffer.from(id))
const randomIds = (count: number): string[] => Array.from({ length: count }, () => randomBytes(12).toString('hex'))

describe('hashId', () => {
  it.each([
    ['', 'ab3e7c0b'],
    ['a', '1a80b1b3'],
    ['f81d4fae-7dec-11d0-a765-00a0c91e6bf6@192.0.2.1', 'b9daaa35'],
    ['größe@例え', '435463c5'],
  ])('is for %j what it is in stored filters', (id, hash) => {
    expect(hashOf(id).toString(16)).toBe(hash)
  })
})

describe('idFilter', () => {
  it.each([0, 1, 7, 16, 17, 1000, 50_000])('has all of %i ids', (count) => {
    const hashes = randomIds(count).map(hashOf)
    const filter = idFilter(hashes)
    expect(hashes.filter((hash) => !mayHaveId(filter, hash))).toEqual([])
  })

  it.each([
    ['random', (i: number) => `${i}-${randomBytes(8).toString('hex')}@192.0.2.1`],
    ['counted', (i: number) => `call-${i}@192.0.2.1`],
    ['counted in front', (i: number) => `${i}@192.0.2.1`],
  ])('has hardly any other id, where ids are %s', (_, idOf) => {
    const filter = idFilter(Array.from({ length: 20_000 }, (_, i) => hashOf(idOf(i))))
    const found = Array.from({ length: 20_000 }, (_, i) => hashOf(idOf(20_000 + i))).filter((hash) =>
      mayHaveId(filter, hash),
    )
    expect(found.length).toBeLessThan(100)
  })

  it('has none if it is empty', () => {
    expect(randomIds(1000).filter((id) => mayHaveId(idFilter([]), hashOf(id)))).toEqual([])
  })
})

/** One row of each way in which an event may belong to a call, and the ids it is to be found by. */
function eventsOf(callId: string, other: string): { readonly packet: HepPacket; readonly ids: readonly string[] }[] {
  const register = { startLine: 'REGISTER sip:example.net SIP/2.0', cseq: '1 REGISTER' }
  return [
    { packet: packetOf(sipText({ callId })), ids: [callId] },
    { packet: packetOf(sipText({ callId }), { correlationId: other }), ids: [callId, other] },
    {
      packet: packetOf(sipText({ callId, headers: `X-CID: ${other}\r\n` })),
      ids: [callId, other],
    },
    { packet: packetOf(sipText({ callId, ...register })), ids: [callId] },
    { packet: packetOf('{"rtcp":1}', { protocolType: 5, correlationId: callId }), ids: [callId] },
  ]
}

interface Stored {
  readonly dataDir: string
  /** How often each id must be found. */
  readonly counts: ReadonlyMap<string, number>
  readonly ids: readonly string[]
}

/** Eight sealings of random calls, some of whose ids are in several; and a call in the log. */
async function storedCalls(): Promise<Stored> {
  const dataDir = newDataDir()
  // A day each: so nothing is merged.
  let nowMs = 1_800_000_000_000
  const engine = await engineAt(dataDir, {}, { now: () => nowMs })
  const blocks = new Blocks()
  const counts = new Map<string, number>()
  const common = ['\uFEFFmarked@example.com', 'größe@例え', "it's", randomBytes(9).toString('base64')]
  const store = (ids: readonly string[]): void => {
    for (const id of ids) {
      const other = `${randomBytes(6).toString('base64')}@b2b`
      for (const { packet, ids: own } of eventsOf(id, other)) {
        engine.append(blocks.of(packet))
        for (const found of own) counts.set(found, (counts.get(found) ?? 0) + 1)
      }
    }
  }
  for (let i = 0; i < UNITS; i++) {
    store([...randomIds(CALLS_OF_UNIT), ...common.slice(0, i + 1)])
    await engine.seal()
    nowMs += 86_400_000
  }
  store(['hot', ...common])
  await engine.flush()
  await engine.close()
  return { dataDir, counts, ids: [...counts.keys()] }
}

/** Ids that are not found as often as they are stored. */
async function missed(engine: StoreEngine, { counts, ids }: Stored): Promise<string[]> {
  await engine.flush()
  const wrong: string[] = []
  for (const id of ids) {
    const rows = await messages(engine, { session_id: id, with_related: true })
    if (rows.length !== counts.get(id)) wrong.push(`${id}: ${rows.length} of ${counts.get(id)}`)
  }
  return wrong
}

const idFiles = (dataDir: string): string[] =>
  readdirSync(join(dataDir, 'sealed'))
    .filter((name) => name.endsWith('.ids'))
    .map((name) => join(dataDir, 'sealed', name))

const manifests = (dataDir: string): string[] =>
  readdirSync(join(dataDir, 'sealed'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(dataDir, 'sealed', name))

function rewrite(path: string, change: (manifest: Manifest) => Manifest): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Manifest)))
}

interface Manifest {
  readonly sealedMs: number
  readonly files: readonly { readonly path: string; readonly ids?: object | undefined }[]
}

describe('filters of Call-IDs', () => {
  it('hide no row: not after a restart, of an older version, where they are damaged, nor of merged files', async () => {
    const stored = await storedCalls()
    const { dataDir } = stored
    const open = () => engineAt(dataDir, {}, { now: () => 1_900_000_000_000 })
    let engine = await open()
    expect(idFiles(dataDir)).toHaveLength(UNITS)
    expect(await missed(engine, stored), 'after a restart').toEqual([])
    await engine.close()

    const [first = '', second = '', third = ''] = idFiles(dataDir)
    rmSync(first)
    truncateSync(second, statSync(second).size >> 1)
    rewrite(third.replace('.ids', '.json'), (manifest) => ({
      ...manifest,
      files: manifest.files.map((file) => ({ ...file, ids: undefined })),
    }))
    engine = await open()
    expect(await missed(engine, stored), 'without some filters').toEqual([])
    await engine.close()

    // Of one day: they are merged now.
    for (const path of manifests(dataDir)) rewrite(path, (manifest) => ({ ...manifest, sealedMs: 1_800_000_000_000 }))
    engine = await open()
    await expect.poll(() => manifests(dataDir), { timeout: 30_000 }).toHaveLength(1)
    expect(await missed(engine, stored), 'after a merge').toEqual([])
    expect(idFiles(dataDir)).toHaveLength(1)
    await engine.close()
    engine = await open()
    expect(await missed(engine, stored), 'after a merge and a restart').toEqual([])
  }, 180_000)

  it('let a lookup open only the files that have the id', async () => {
    const stored = await storedCalls()
    const { dataDir, ids } = stored
    const [own = ''] = ids
    // Not Parquet any more, but of the same size; the first has the id.
    for (const path of manifests(dataDir).slice(1)) {
      const { files } = JSON.parse(readFileSync(path, 'utf8')) as Manifest
      for (const file of files)
        writeFileSync(join(dataDir, file.path), Buffer.alloc(statSync(join(dataDir, file.path)).size))
    }
    const engine = await engineAt(dataDir)
    await engine.flush()
    expect(await messages(engine, { session_id: own, event_type: 'all' })).toHaveLength(4)
    for (const filter of [{ call_id: own }, { session_id: own, method: 'INVITE' }])
      expect(await search(engine, { filter: { ...filter, event_type: 'call' } })).toHaveLength(3)
    for (const body of [{ call_id: `${own}%` }, { caller: 'alice' }])
      expect(await engine.search({ filter: body })).toMatchObject({ ok: false, kind: 'unavailable' })
    const media = [{ ip: '192.0.2.1', port: 5060 }]
    expect(await engine.messages({ session_id: own, media })).toMatchObject({ ok: false, kind: 'unavailable' })
  }, 60_000)
})
