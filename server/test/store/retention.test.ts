import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SealedUnit } from '../../src/store/catalog.ts'
import type { SealedFile } from '../../src/store/manifest.ts'
import { filesToExpire, type RetentionPolicy } from '../../src/store/retention-plan.ts'
import type { TableName } from '../../src/store/schema.ts'
import { Blocks, EPOCH, packetOf, sipText, START_US } from './blocks.ts'
import { allSeqs, engineAt, newDataDir, search } from './data-dir.ts'

const DAY_MS = 86_400_000
const REGISTER = { startLine: 'REGISTER sip:example.net SIP/2.0', cseq: '1 REGISTER' }
const CALLS: TableName = 'hep_proto_1_call'
const REGISTRATIONS: TableName = 'hep_proto_1_registration'
const KEEP_ALL: RetentionPolicy = { days: 0, maxBytes: 0, tables: {} }

/** Units of one file each, by age in days, table and bytes. */
function unitsOf(...specs: readonly (readonly [number, TableName, number])[]): SealedUnit[] {
  return specs.map(([days, table, bytes], i) => {
    const maxTsUs = (EPOCH - days * DAY_MS) * 1000
    const file: SealedFile = { table, path: `${i}`, rows: 1, bytes, minTsUs: 0, maxTsUs }
    const manifest = { version: 1 as const, sealedMs: EPOCH, segments: [], ranges: [], files: [file] }
    return { name: `${i}`, manifest, readable: [file], readers: 0, isExpired: false }
  })
}

const expired = (units: readonly SealedUnit[], policy: Partial<RetentionPolicy>): string[] =>
  filesToExpire(units, { ...KEEP_ALL, ...policy }, EPOCH).map(({ file, why }) => `${file.path} ${why}`)

describe('filesToExpire', () => {
  const units = unitsOf(
    [1, CALLS, 100],
    [5, REGISTRATIONS, 300],
    [3, CALLS, 200],
    [9, CALLS, 50],
    [2, REGISTRATIONS, 10],
  )

  it.each<[string, Partial<RetentionPolicy>, string[]]>([
    ['keeps all without a limit', {}, []],
    ['goes by age, oldest first', { days: 4 }, ['3 age', '1 age']],
    ['goes by the age that a table has for itself', { days: 4, tables: { [REGISTRATIONS]: { days: 6 } } }, ['3 age']],
    ['keeps a table for ever where it is told to', { days: 1, tables: { [CALLS]: { days: 0 } } }, ['1 age', '4 age']],
    [
      'takes the oldest of a table that is too large',
      { tables: { [CALLS]: { maxBytes: 150 } } },
      ['3 table-size', '2 table-size'],
    ],
    ['takes the oldest of all while all are too large', { maxBytes: 320 }, ['3 size', '1 size']],
    [
      'counts what is gone already',
      { days: 6, maxBytes: 610, tables: { [REGISTRATIONS]: { maxBytes: 300 } } },
      ['3 age', '1 table-size'],
    ],
  ])('%s', (_, policy, gone) => {
    expect(expired(units, policy)).toEqual(gone)
  })

  it('takes no row for newer than its sealing, whatever the clock of its sender says', () => {
    const [unit] = unitsOf([-5000, CALLS, 1])
    const old = unit && { ...unit, manifest: { ...unit.manifest, sealedMs: EPOCH - 8 * DAY_MS } }
    expect(filesToExpire(old ? [old] : [], { ...KEEP_ALL, days: 7 }, EPOCH)).toHaveLength(1)
  })
})

/** Parquet files below a table. */
function filesOf(dataDir: string, table: string): string[] {
  const directory = join(dataDir, 'parquet', table)
  if (!existsSync(directory)) return []
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.parquet'))
}

describe('retention', () => {
  it('removes files by the age of their rows, each table by its own, and counts them; the rest is found', async () => {
    const dataDir = newDataDir()
    let nowMs = EPOCH
    const faults: string[] = []
    const retention: RetentionPolicy = { days: 2, maxBytes: 0, tables: { [REGISTRATIONS]: { days: 5 } } }
    const world = { now: () => nowMs, onFault: ({ message }: { message: string }) => faults.push(message) }
    const engine = await engineAt(dataDir, { retention }, world)
    const blocks = new Blocks()
    const seal = async (): Promise<void> => {
      engine.append(
        blocks.of(packetOf(sipText(), { tsUs: nowMs * 1000 }), packetOf(sipText(REGISTER), { tsUs: nowMs * 1000 })),
      )
      await engine.seal()
    }
    await seal()
    nowMs += 1.5 * DAY_MS
    await seal()
    nowMs += DAY_MS
    await engine.applyRetention()
    expect(filesOf(dataDir, CALLS)).toHaveLength(1)
    expect(filesOf(dataDir, REGISTRATIONS)).toHaveLength(2)
    expect(await allSeqs(engine)).toEqual([2, 3, 4])
    expect(engine.stats().expiredRows).toMatchObject({ 'table-size': 0, size: 0 })
    expect(engine.stats().expiredRows.age).toBeGreaterThan(0)
    expect(faults.some((text) => /^parquet\/hep_proto_1_call\/.*: 1 rows removed \(age\)$/.test(text))).toBe(true)
    await engine.close()

    // What expired stays so, and the rest stays, over a restart.
    const again = await engineAt(dataDir, { retention }, world)
    expect(await allSeqs(again)).toEqual([2, 3, 4])
    nowMs += 9 * DAY_MS
    await again.applyRetention()
    expect(await search(again, { filter: { event_type: 'all' } })).toEqual([])
    expect(filesOf(dataDir, REGISTRATIONS)).toEqual([])
    expect(readdirSync(join(dataDir, 'sealed'))).toEqual([])
    expect(readdirSync(join(dataDir, 'log', 'kept'))).toEqual([])
  })

  it('keeps no more bytes than it may, whole files, the oldest gone first', async () => {
    const dataDir = newDataDir()
    const engine = await engineAt(dataDir, { retention: { ...KEEP_ALL, tables: { [CALLS]: { maxBytes: 20_000 } } } })
    const blocks = new Blocks()
    for (let i = 0; i < 6; i++) {
      engine.append(blocks.invites(50, `size-${i}`, START_US + i * 3_600_000_000))
      await engine.seal()
      await engine.applyRetention()
    }
    const seqs = await allSeqs(engine)
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => 301 - seqs.length + i))
    expect(seqs.length % 50).toBe(0)
    expect(seqs.length).toBeLessThan(300)
    expect(engine.stats().expiredRows['table-size']).toBe(300 - seqs.length)
  })

  it('does not disturb who reads a file that expires', async () => {
    const dataDir = newDataDir()
    let nowMs = EPOCH
    const engine = await engineAt(dataDir, { retention: { ...KEEP_ALL, days: 1 } }, { now: () => nowMs })
    for (let i = 0, blocks = new Blocks(); i < 20; i++) engine.append(blocks.invites(1000))
    await engine.seal()
    nowMs += 2 * DAY_MS
    let rows = 0
    let applied: Promise<void> | undefined
    const onRows = (lines: Buffer): void => {
      applied ??= engine.applyRetention()
      rows += lines.toString().trimEnd().split('\n').length
    }
    const answer = await engine.search({ filter: { event_type: 'all' }, param: { limit: 50_000 } }, { onRows })
    await applied
    expect(answer.ok).toBe(true)
    expect(rows).toBe(20_000)
    expect(await allSeqs(engine)).toEqual([])
    expect(filesOf(dataDir, CALLS)).toEqual([])
  })
})
