import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { StoreEngine } from '../../src/store/engine.ts'
import type { StoreFault } from '../../src/store/stats.ts'
import { Blocks, EPOCH, opensipsPackets, packetOf, sipText, START_US } from './blocks.ts'
import { calls } from './calls/fixture-blocks.ts'
import { allSeqs, engineAt, newDataDir, search, upTo } from './data-dir.ts'
import { FaultFiles } from './fault-files.ts'
import { STORAGE_KINDS, useStorage } from './storage-kinds.ts'

const DAY_MS = 86_400_000

/** Call-IDs of the rows of calls. */
async function callIds(engine: StoreEngine): Promise<unknown[]> {
  return (await calls(engine, { param: { limit: 1000 } })).map((row) => row.session_id)
}

/** All files below a directory, relative to it. */
function filesIn(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort()
}

// A lake has a server of its own to wait for.
describe.each(STORAGE_KINDS)('StoreEngine that seals to: %s', { timeout: 60_000 }, (kind) => {
  useStorage(kind)

  it('finds every row once while it is hot, when it is sealed, and after restarts', async () => {
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const first = await engineAt(dataDir)
    first.append(blocks.invites(700))
    first.append(blocks.invites(300))
    await first.flush()
    expect(await allSeqs(first)).toEqual(upTo(1000))
    await first.seal()
    expect(await allSeqs(first)).toEqual(upTo(1000))
    first.append(blocks.invites(500))
    await first.flush()
    expect(await allSeqs(first)).toEqual(upTo(1500))
    expect(first.stats()).toMatchObject({ state: 'ok', storedRows: 1500, hotRows: 500, sealedRows: 1000, dropped: {} })
    await first.close()

    const second = await engineAt(dataDir)
    second.append(blocks.invites(100))
    await second.flush()
    expect(await allSeqs(second)).toEqual(upTo(1600))
    expect(second.stats()).toMatchObject({ storedRows: 100, replayedRows: 500, hotRows: 600, sealedRows: 1000 })
    await second.seal()
    expect(await allSeqs(second)).toEqual(upTo(1600))
    expect(second.stats()).toMatchObject({ hotRows: 0, sealedRows: 1600, logBytes: 0, pendingBytes: 0 })
    await second.close()

    const third = await engineAt(dataDir)
    await third.flush()
    expect(await allSeqs(third)).toEqual(upTo(1600))
    expect(third.stats()).toMatchObject({ replayedRows: 0, hotRows: 0 })
  })

  it('keeps what was appended right before close, and drops and counts what comes after', async () => {
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const first = await engineAt(dataDir, { insertDelayMs: 60_000 })
    for (let i = 0; i < 20; i++) first.append(blocks.invites(50))
    const closed = first.close()
    first.append(blocks.invites(7))
    await closed
    expect(first.stats().dropped).toEqual({ closed: 7 })
    const second = await engineAt(dataDir)
    await second.flush()
    expect(await allSeqs(second)).toEqual(upTo(1000))
  })

  it('finds every row once at any moment while it inserts, seals and replays', async () => {
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const first = await engineAt(dataDir, { sealRows: 400, segmentBytes: 100_000, pendingBytes: 50_000 })
    let appended = 0
    const check = async (engine: typeof first): Promise<void> => {
      const seqs = await allSeqs(engine)
      expect(seqs).toEqual(upTo(seqs.length))
    }
    for (let i = 0; i < 40; i++) {
      first.append(blocks.invites(60))
      appended += 60
      await check(first)
    }
    await first.flush()
    expect(await allSeqs(first)).toEqual(upTo(appended))
    expect(first.stats().sealedRows).toBeGreaterThan(0)
    await first.close()
    const second = await engineAt(dataDir, { sealRows: 400 })
    await check(second)
    await second.flush()
    expect(await allSeqs(second)).toEqual(upTo(appended))
  })

  it('seals by rows, by bytes and by age', async () => {
    let nowMs = EPOCH
    const byAge = await engineAt(newDataDir(), { sealIntervalMs: 5000 }, { now: () => nowMs })
    byAge.append(new Blocks().invites(10))
    await byAge.flush()
    expect(byAge.stats().sealedRows).toBe(0)
    nowMs += 5000
    await expect.poll(() => byAge.stats().sealedRows, { timeout: 15_000 }).toBe(10)

    const byBytes = await engineAt(newDataDir(), { sealBytes: 1, segmentBytes: 1 })
    byBytes.append(new Blocks().invites(10))
    await expect.poll(() => byBytes.stats().sealedRows, { timeout: 15_000 }).toBe(10)

    const byRows = await engineAt(newDataDir(), { sealRows: 10 })
    byRows.append(new Blocks().invites(10))
    await expect.poll(() => byRows.stats().sealedRows, { timeout: 15_000 }).toBe(10)
  })
})

describe('StoreEngine that seals to files', () => {
  it('puts each day of each table into a file of its own and says in the manifest what is there', async () => {
    const dataDir = newDataDir()
    const engine = await engineAt(dataDir, {}, { now: () => EPOCH })
    const day = DAY_MS * 1000
    engine.append(
      new Blocks().of(
        packetOf(sipText(), { tsUs: START_US - 1 }),
        packetOf(sipText(), { tsUs: START_US }),
        packetOf(sipText({ startLine: 'REGISTER sip:example.net SIP/2.0', cseq: '1 REGISTER' }), {
          tsUs: START_US + day,
        }),
        packetOf('{}', { protocolType: 5, tsUs: START_US }),
        packetOf('log line', { protocolType: 100, tsUs: START_US }),
      ),
    )
    await engine.seal()
    const name = `${EPOCH}-1-5`
    expect(filesIn(join(dataDir, 'parquet'))).toEqual([
      `hep_proto_100_default/date=2025-11-22/${name}.parquet`,
      `hep_proto_1_call/date=2025-11-21/${name}.parquet`,
      `hep_proto_1_call/date=2025-11-22/${name}.parquet`,
      `hep_proto_1_registration/date=2025-11-23/${name}.parquet`,
      `hep_proto_5_default/date=2025-11-22/${name}.parquet`,
      `hepscope_calls/date=2025-11-21/${name}.parquet`,
    ])
    expect(filesIn(join(dataDir, 'log'))).toEqual([`kept/${EPOCH}-1.hsb`])
    const manifest = JSON.parse(readFileSync(join(dataDir, 'sealed', `${name}.json`), 'utf8')) as object
    expect(manifest).toMatchObject({
      version: 1,
      sealedMs: EPOCH,
      segments: [`${EPOCH}-1.hsb`],
      ranges: [{ node: 'node-1', epoch: EPOCH, firstSeq: 1, lastSeq: 5 }],
    })
    expect(manifest).toHaveProperty('files.length', 6)
  })

  it('seals packets whose clocks are anywhere, without a directory for each day', async () => {
    const dataDir = newDataDir()
    const engine = await engineAt(dataDir)
    const packets = Array.from({ length: 200 }, (_, i) => packetOf(sipText(), { tsUs: (i + 1) * 2 * DAY_MS * 1000 }))
    engine.append(new Blocks().of(...packets))
    await engine.seal()
    expect(readdirSync(join(dataDir, 'parquet', 'hep_proto_1_call'))).toHaveLength(32)
    expect(await allSeqs(engine)).toEqual(upTo(200))
  })

  it('loses no row and stores none twice, whichever step of a sealing was the last', async () => {
    const outcomes = new Set<string>()
    let isFinished = false
    for (let step = 0; !isFinished; step++) {
      const dataDir = newDataDir()
      const blocks = new Blocks()
      const faults = new FaultFiles()
      const dying = await engineAt(dataDir, { segmentBytes: 30_000 }, { files: faults.files })
      for (let i = 0; i < 5; i++) dying.append(blocks.invites(10))
      dying.append(blocks.of(packetOf(sipText({ startLine: 'OPTIONS sip:x SIP/2.0', cseq: '1 OPTIONS' }))))
      await dying.flush()
      faults.arm(step)
      const sealed = dying.seal().then(() => 'sealed')
      const died = expect.poll(() => faults.isDead, { interval: 2, timeout: 10_000 }).toBe(true)
      const outcome = await Promise.race([sealed, died.then(() => 'died')])
      isFinished = outcome === 'sealed' && !faults.isDead
      outcomes.add(outcome)
      // A process that was killed does nothing more: its files are dead, its memory is forgotten.
      faults.isDead = true
      await dying.close()

      const next = await engineAt(dataDir)
      await next.flush()
      expect(await allSeqs(next), `step ${step}`).toEqual(upTo(51))
      expect(await callIds(next), `step ${step}: calls`).toHaveLength(10)
      expect(filesIn(join(dataDir, 'parquet')).filter((name) => name.endsWith('.tmp'))).toEqual([])
      await next.seal()
      expect(await allSeqs(next), `step ${step}, sealed again`).toEqual(upTo(51))
      expect(new Set(await callIds(next)).size, `step ${step}: calls, sealed again`).toBe(10)
      expect(await callIds(next)).toHaveLength(10)
      await next.close()
    }
    expect([...outcomes].sort()).toEqual(['died', 'sealed'])
  }, 120_000)

  it('tries a sealing that failed again, and says meanwhile that it does', async () => {
    const dataDir = newDataDir()
    const faults = new FaultFiles()
    const reported: StoreFault[] = []
    const engine = await engineAt(dataDir, {}, { files: faults.files, onFault: (fault) => reported.push(fault) })
    engine.append(new Blocks().invites(20))
    await engine.flush()
    faults.writeFault = 'ENOSPC'
    const sealed = engine.seal()
    await expect.poll(() => engine.stats().state, { timeout: 5000 }).toBe('degraded')
    expect(engine.stats().lastError).toBe('seal: ENOSPC: write')
    expect(await allSeqs(engine)).toEqual(upTo(20))
    faults.writeFault = undefined
    await sealed
    expect(engine.stats()).toMatchObject({ state: 'ok', lastError: undefined, sealedRows: 20, hotRows: 0 })
    expect(reported).toEqual([{ cause: 'seal', message: 'ENOSPC: write' }])
    expect(await allSeqs(engine)).toEqual(upTo(20))
  })

  it('counts what a full disk kept it from storing, says so, and goes on when there is room', async () => {
    const dataDir = newDataDir()
    const faults = new FaultFiles()
    let nowMs = EPOCH
    const engine = await engineAt(dataDir, {}, { files: faults.files, now: () => nowMs })
    const blocks = new Blocks()
    engine.append(blocks.invites(10))
    faults.writeFault = 'ENOSPC'
    engine.append(blocks.invites(5))
    faults.writeFault = undefined
    engine.append(blocks.invites(3))
    expect(engine.stats()).toMatchObject({
      state: 'degraded',
      lastError: 'disk-full: ENOSPC: write',
      dropped: { 'disk-full': 8 },
    })
    nowMs += 1000
    engine.append(blocks.invites(2))
    await engine.flush()
    expect(engine.stats()).toMatchObject({
      state: 'ok',
      lastError: undefined,
      dropped: { 'disk-full': 8 },
      storedRows: 12,
    })
    expect(await allSeqs(engine)).toEqual([...upTo(10), 19, 20])
    await engine.close()
    const next = await engineAt(dataDir)
    await next.flush()
    expect(await allSeqs(next)).toEqual([...upTo(10), 19, 20])
  })

  it('counts blocks past the limit of the log', async () => {
    const engine = await engineAt(newDataDir(), { logMaxBytes: 20_000 })
    const blocks = new Blocks()
    for (let i = 0; i < 4; i++) engine.append(blocks.invites(10))
    await engine.flush()
    const { dropped, storedRows } = engine.stats()
    expect(dropped['log-full']).toBeGreaterThan(0)
    expect(storedRows + (dropped['log-full'] ?? 0)).toBe(40)
    expect(engine.stats().lastError).toMatch(/^log-full: /)
  })

  it('reports a torn tail and goes on', async () => {
    const dataDir = newDataDir()
    const first = await engineAt(dataDir)
    const blocks = new Blocks()
    first.append(blocks.invites(3))
    first.append(blocks.invites(3))
    await first.close()
    const path = join(dataDir, 'log', `${EPOCH}-1.hsb`)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, bytes.length - 5))
    const reported: StoreFault[] = []
    const second = await engineAt(dataDir, {}, { onFault: (fault) => reported.push(fault) })
    await second.flush()
    expect(await allSeqs(second)).toEqual(upTo(3))
    expect(reported.map(({ cause }) => cause)).toEqual(['torn-log'])
  })

  it('removes Parquet files that no manifest names, and leaves other files alone', async () => {
    const dataDir = newDataDir()
    const directory = join(dataDir, 'parquet', 'hep_proto_1_call', 'date=2025-11-22')
    mkdirSync(directory, { recursive: true })
    for (const name of ['1-1-5.parquet', '1-6-9.parquet.tmp', 'mine.parquet', 'notes.txt'])
      writeFileSync(join(directory, name), 'x')
    const engine = await engineAt(dataDir)
    expect(readdirSync(directory).sort()).toEqual(['mine.parquet', 'notes.txt'])
    expect(await allSeqs(engine)).toEqual([])
  })

  it('removes no Parquet file while a manifest cannot be read', async () => {
    const dataDir = newDataDir()
    const first = await engineAt(dataDir)
    first.append(new Blocks().invites(3))
    await first.seal()
    await first.close()
    const manifest = readdirSync(join(dataDir, 'sealed')).find((name) => name.endsWith('.json')) ?? ''
    writeFileSync(join(dataDir, 'sealed', manifest), '{')
    const before = filesIn(join(dataDir, 'parquet'))
    const reported: StoreFault[] = []
    await engineAt(dataDir, {}, { onFault: (fault) => reported.push(fault) })
    expect(filesIn(join(dataDir, 'parquet'))).toEqual(before)
    expect(reported.map(({ cause }) => cause)).toEqual(['recovery'])
  })

  it('searches the other files when one is missing, and says which', async () => {
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const first = await engineAt(dataDir)
    first.append(blocks.invites(3))
    await first.seal()
    first.append(blocks.invites(2))
    await first.seal()
    await first.close()
    rmSync(join(dataDir, `parquet/hep_proto_1_call/date=2025-11-22/${EPOCH}-1-3.parquet`))
    const reported: StoreFault[] = []
    const second = await engineAt(dataDir, {}, { onFault: (fault) => reported.push(fault) })
    expect(await allSeqs(second)).toEqual([4, 5])
    expect(reported[0]?.message).toContain(`${EPOCH}-1-3.parquet (3 rows)`)
  })

  it('stores what OpenSIPS sent, by table', async () => {
    const engine = await engineAt(newDataDir())
    engine.append(new Blocks().fromBytes(opensipsPackets()))
    await engine.flush()
    const calls = await search(engine, { param: { limit: 1000 } })
    const control = await search(engine, { filter: { proto_type: 96 }, param: { limit: 1000 } })
    expect(calls).toHaveLength(180)
    expect(control).toHaveLength(20)
    expect(new Set(calls.map((row) => row.session_id)).size).toBe(20)
  })
})
