import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoreEngine } from '../../../src/store/engine.ts'
import { ExtensionError } from '../../../src/store/lake/lake-connection.ts'
import type { StoreFault } from '../../../src/store/stats.ts'
import { Blocks, EPOCH, packetOf, sipText, START_US } from '../blocks.ts'
import { calls } from '../calls/fixture-blocks.ts'
import { allSeqs, engineAt, newDataDir, search, upTo } from '../data-dir.ts'
import { Lakes } from './lakes.ts'
import { dieBehindCommit, SealFaults } from './seal-faults.ts'

const DAY_MS = 86_400_000
const LATE = 20_000

let lakes: Lakes

beforeAll(async () => {
  lakes = await Lakes.start()
}, 60_000)
afterAll(() => lakes.close(), 60_000)

/** `node:seq` of all rows that a search finds, sorted. */
async function eventsIn(engine: StoreEngine, node = ''): Promise<string[]> {
  const rows = await search(engine, { filter: { event_type: 'all', node }, param: { limit: 50_000 } })
  return rows.map(({ node, seq }) => `${String(node)}:${String(seq)}`).sort()
}

const eventsOf = (node: string, count: number): string[] =>
  upTo(count)
    .map((seq) => `${node}:${seq}`)
    .sort()

/** Member `incomplete` of an answer's meta. */
async function incompleteOf(engine: StoreEngine): Promise<unknown> {
  const answer = await engine.search({})
  if (!answer.ok) throw new Error(answer.message)
  return (JSON.parse(answer.json.toString()) as { meta: { incomplete?: unknown } }).meta.incomplete
}

describe('several stores with one lake', () => {
  it('each finds every row of all of them once, while they seal at the same time', async () => {
    const options = { ...(await lakes.create()), sealRows: 200 }
    const [one, two, reader] = [
      await engineAt(newDataDir(), options),
      await engineAt(newDataDir(), options),
      await engineAt(newDataDir(), options),
    ]
    const [blocksOne, blocksTwo] = [new Blocks('node-1'), new Blocks('node-2')]
    const work = { isDone: false }
    const checked = (async () => {
      let checks = 0
      // Its own rows are hot or in the lake; those of the other appear with its sealings.
      for (; !work.isDone; checks++) {
        for (const [engine, node] of [
          [one, 'node-1'],
          [two, 'node-2'],
          [reader, ''],
        ] as const) {
          const found = await eventsIn(engine)
          expect(new Set(found).size).toBe(found.length)
          const own = found.filter((event) => event.startsWith(`${node}:`)).length
          expect(found.filter((event) => event.startsWith(`${node}:`))).toEqual(eventsOf(node, own))
        }
      }
      return checks
    })()
    for (let i = 0; i < 12; i++) {
      one.append(blocksOne.invites(50))
      two.append(blocksTwo.invites(50))
      await Promise.all([one.flush(), two.flush()])
    }
    await Promise.all([one.seal(), two.seal()])
    work.isDone = true
    expect(await checked).toBeGreaterThan(0)
    const all = [...eventsOf('node-1', 600), ...eventsOf('node-2', 600)].sort()
    for (const engine of [one, two, reader]) expect(await eventsIn(engine)).toEqual(all)
    expect(one.stats()).toMatchObject({ state: 'ok', hotRows: 0, logSegments: 0 })
  }, 60_000)

  it('finds a few rows of a store that knew the lake before another made their table', async () => {
    const options = await lakes.create()
    const [one, two] = [await engineAt(newDataDir(), options), await engineAt(newDataDir(), options)]
    one.append(new Blocks('node-1').invites(50))
    await one.seal()
    two.append(new Blocks('node-2').invites(4, 'late', START_US + 3_600_000_000))
    await two.seal()
    expect(two.stats()).toMatchObject({ hotRows: 0, lake: { rows: 54 } })
    for (const engine of [one, two]) expect(await eventsIn(engine, 'node-2')).toEqual(eventsOf('node-2', 4))
  }, 30_000)

  it('gives what is not in the lake to who reads the lake by themselves', async () => {
    const options = await lakes.create()
    const engine = await engineAt(newDataDir(), options)
    const blocks = new Blocks()
    engine.append(blocks.invites(20))
    await engine.seal()
    engine.append(blocks.invites(5))
    await engine.flush()
    expect(await search(engine, { param: { limit: 100 } })).toHaveLength(25)
    const rest = await search(engine, { param: { limit: 100 }, without_lake: true })
    expect(rest.map(({ seq }) => seq).sort()).toEqual([21, 22, 23, 24, 25])
  })

  it('reads files from before there was a lake too', async () => {
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const before = await engineAt(dataDir)
    before.append(blocks.invites(30))
    await before.seal()
    before.append(blocks.invites(10))
    await before.close()
    const after = await engineAt(dataDir, await lakes.create())
    await after.flush()
    after.append(blocks.invites(20))
    await after.seal()
    after.append(blocks.invites(5))
    await after.flush()
    expect(await allSeqs(after)).toEqual(upTo(65))
    expect(await search(after, { param: { limit: 100 }, without_lake: true })).toHaveLength(35)
  })
})

describe('sealing to a lake', () => {
  it('loses no row and brings none twice, whichever statement was the last', async () => {
    const options = await lakes.create()
    const outcomes = new Set<string>()
    let isFinished = false
    for (let step = 0; !isFinished; step++) {
      const node = `node-${step}`
      const dataDir = newDataDir()
      const blocks = new Blocks(node)
      const faults = new SealFaults()
      const dying = await engineAt(dataDir, { ...options, segmentBytes: 30_000 }, faults.world)
      for (let i = 0; i < 5; i++) dying.append(blocks.invites(10))
      await dying.flush()
      faults.dieAt(step)
      const sealed = dying.seal().then(() => 'sealed')
      const died = expect.poll(() => faults.isDead, { interval: 5, timeout: LATE }).toBe(true)
      const outcome = await Promise.race([sealed, died.then(() => 'died')])
      isFinished = outcome === 'sealed' && !faults.isDead
      outcomes.add(outcome)
      faults.isDead = true
      expect(await eventsIn(dying, node), `step ${step}, dying`).toEqual(eventsOf(node, 50))
      await dying.close()

      const next = await engineAt(dataDir, options)
      await next.flush()
      expect(await eventsIn(next, node), `step ${step}`).toEqual(eventsOf(node, 50))
      await next.seal()
      expect(await eventsIn(next, node), `step ${step}, sealed again`).toEqual(eventsOf(node, 50))
      await next.close()
    }
    expect([...outcomes].sort()).toEqual(['died', 'sealed'])
  }, 300_000)

  it('finds each row once when a commit came through whose answer did not', async () => {
    const faults = new SealFaults()
    const engine = await engineAt(newDataDir(), await lakes.create(), faults.world)
    const blocks = new Blocks()
    engine.append(blocks.invites(10))
    // So that the tables are there, whose making is a commit too.
    await engine.seal()
    engine.append(blocks.invites(50))
    await engine.flush()
    faults.loseAnswer('COMMIT')
    const sealed = engine.seal()
    await expect.poll(() => engine.stats().lastError, { timeout: LATE }).toMatch(/^seal: /)
    expect(await allSeqs(engine)).toEqual(upTo(60))
    await sealed
    expect(await allSeqs(engine)).toEqual(upTo(60))
    expect(engine.stats()).toMatchObject({ state: 'ok', hotRows: 0, sealedRows: 60 })
  }, 60_000)

  it('makes tables at the same time as another store', async () => {
    const options = await lakes.create()
    const engines = [await engineAt(newDataDir(), options), await engineAt(newDataDir(), options)]
    for (const [i, engine] of engines.entries()) engine.append(new Blocks(`node-${i}`).invites(10))
    await Promise.all(engines.map((engine) => engine.seal()))
    for (const engine of engines) expect(await search(engine, {})).toHaveLength(20)
  }, 60_000)
})

describe('a lake that cannot be reached', () => {
  it('costs searches its own rows only, says so, and gets what was kept when it is back', async () => {
    const options = await lakes.create()
    const faults: StoreFault[] = []
    const engine = await engineAt(newDataDir(), options, { onFault: (fault) => faults.push(fault) })
    const blocks = new Blocks()
    engine.append(blocks.invites(20))
    await engine.seal()
    await lakes.postgres.stop()
    try {
      engine.append(blocks.invites(10))
      await engine.flush()
      expect((await allSeqs(engine)).map((seq) => seq > 20)).toEqual(Array(10).fill(true))
      expect(await incompleteOf(engine)).toEqual({ reason: 'lake', pending_bytes: 0 })
      expect(engine.stats().state).toBe('degraded')
      expect(engine.stats().lastError).toMatch(/^lake: .*onnect/)
      expect(await engine.query({ sql: 'SELECT 1' })).toMatchObject({
        ok: false,
        message: 'The lake cannot be reached',
      })
      void engine.seal()
      await expect.poll(() => faults.map(({ cause }) => cause), { timeout: LATE }).toContain('seal')
      engine.append(blocks.invites(10))
      await engine.flush()
      expect(await allSeqs(engine)).toHaveLength(20)
      expect(JSON.stringify(faults)).not.toContain('host=')
    } finally {
      await lakes.postgres.restart()
    }
    await expect.poll(() => allSeqs(engine), { timeout: LATE }).toEqual(upTo(40))
    await expect.poll(() => engine.stats().state, { timeout: LATE }).toBe('ok')
    expect(await incompleteOf(engine)).toBeUndefined()
    await engine.seal()
    expect(await allSeqs(engine)).toEqual(upTo(40))
  }, 90_000)

  it('does not keep a store from starting, which then leaves out of the hot rows what is in the lake', async () => {
    const dataDir = newDataDir()
    const options = await lakes.create()
    const blocks = new Blocks()
    await dieBehindCommit(dataDir, options, blocks, 30)
    await lakes.postgres.stop()
    let second: StoreEngine
    try {
      second = await engineAt(dataDir, options)
      second.append(blocks.invites(10))
      await second.flush()
      expect(await allSeqs(second)).toEqual(upTo(50).slice(10))
      expect(second.stats()).toMatchObject({ state: 'degraded', replayedRows: 30 })
    } finally {
      await lakes.postgres.restart()
    }
    await expect.poll(() => second.stats().state, { timeout: LATE }).toBe('ok')
    expect(await incompleteOf(second)).toBeUndefined()
    expect(await allSeqs(second)).toEqual(upTo(50))
    await second.seal()
    expect(await allSeqs(second)).toEqual(upTo(50))
    expect(second.stats()).toMatchObject({ hotRows: 0, sealedRows: 50 })
  }, 90_000)

  it('is no excuse for a missing extension', async () => {
    const options = { ...(await lakes.create()), extensionDirectory: newDataDir() }
    await expect(engineAt(newDataDir(), options)).rejects.toThrow(ExtensionError)
    await expect(engineAt(newDataDir(), options)).rejects.toThrow(/ducklake is not there: .*ducklake\.duckdb_extension/)
  })

  it('says so when the password is wrong, and does not say the password', async () => {
    const options = await lakes.create()
    const lake = { ...options.lake, password: 'not-this-one' }
    const faults: StoreFault[] = []
    const engine = await engineAt(newDataDir(), { ...options, lake }, { onFault: (fault) => faults.push(fault) })
    expect(engine.stats().lastError).toContain('password authentication failed')
    expect(JSON.stringify(faults)).not.toContain('not-this-one')
  })
})

describe('calls in a lake', () => {
  const invite = () => packetOf(sipText())
  const answer = () =>
    packetOf(sipText({ startLine: 'SIP/2.0 486 Busy Here', to: '<sip:bob@example.net>;tag=b' }), {
      tsUs: START_US + 1_000_000,
    })

  it('are taken up by the store that had begun them alone', async () => {
    const options = await lakes.create()
    const blocks = ['node-1', 'node-2'].map((node) => new Blocks(node))
    const directories = [newDataDir(), newDataDir()]
    for (const [i, dataDir] of directories.entries()) {
      const engine = await engineAt(dataDir, options)
      engine.append(blocks[i]?.of(invite()) ?? new Blocks().of(invite()))
      await engine.seal()
      await engine.close()
    }
    const [first = ''] = directories
    const engine = await engineAt(first, options)
    engine.append(blocks[0]?.of(answer()) ?? new Blocks().of(invite()))
    await engine.flush()
    const states = async (): Promise<string[]> =>
      (await calls(engine)).map(({ node, state }) => `${String(node)} ${String(state)}`).sort()
    expect(await states()).toEqual(['node-1 busy', 'node-2 setup'])
    await engine.seal()
    expect(await states()).toEqual(['node-1 busy', 'node-2 setup'])
  }, 30_000)

  it('get a new row, and the store says so, where the lake is away at the start', async () => {
    const options = await lakes.create()
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const first = await engineAt(dataDir, options)
    first.append(blocks.of(invite()))
    await first.seal()
    await first.close()
    const faults: StoreFault[] = []
    await lakes.postgres.stop()
    let second: StoreEngine
    try {
      second = await engineAt(dataDir, options, { onFault: (fault) => faults.push(fault) })
      second.append(blocks.of(answer()))
      await second.flush()
      expect(faults.find(({ cause }) => cause === 'calls')?.message).toMatch(
        /^calls of earlier runs .* new row: .*onnect/,
      )
    } finally {
      await lakes.postgres.restart()
    }
    await expect.poll(() => second.stats().state, { timeout: LATE }).toBe('ok')
    expect(await calls(second)).toHaveLength(2)
  }, 60_000)
})

describe('upkeep of a lake', () => {
  it('removes rows by the day of their sealing, and their files when no version needs them', async () => {
    const options = { ...(await lakes.create()), retention: { days: 2, maxBytes: 0, tables: {} } }
    let nowMs = EPOCH
    const engine = await engineAt(newDataDir(), options, { now: () => nowMs })
    const blocks = new Blocks()
    engine.append(blocks.invites(10))
    await engine.seal()
    nowMs += 2 * DAY_MS
    engine.append(blocks.invites(10))
    await engine.seal()
    await engine.applyRetention()
    expect(await allSeqs(engine)).toEqual(upTo(20))
    nowMs += DAY_MS
    await engine.applyRetention()
    expect(await allSeqs(engine)).toEqual(upTo(20).slice(10))
    expect(engine.stats()).toMatchObject({ sealedRows: 10 })
    nowMs += 10 * DAY_MS
    await engine.applyRetention()
    expect(await search(engine, {})).toEqual([])
  }, 60_000)

  it('removes the oldest files of all nodes while there are more bytes than are wanted', async () => {
    const options = await lakes.create()
    const days = 4
    let nowMs = EPOCH
    const dataDirs = [newDataDir(), newDataDir()]
    const blocks = dataDirs.map((_, i) => new Blocks(`node-${i}`))
    const open = (i: number, maxBytes = 0): Promise<StoreEngine> =>
      engineAt(
        dataDirs[i] ?? '',
        { ...options, retention: { days: 0, maxBytes, tables: { hepscope_calls: { days: 1 } } } },
        { now: () => nowMs },
      )
    const engines = [await open(0), await open(1)]
    for (let day = 0; day < days; day++) {
      for (const [i, engine] of engines.entries()) {
        engine.append(blocks[i]?.invites(20) ?? new Blocks().invites(1))
        await engine.seal()
      }
      nowMs += DAY_MS
    }
    const [first] = engines
    if (first === undefined) throw new Error('no engine')
    await first.applyRetention()
    await eventsIn(first)
    const bytes = first.stats().sealedBytes
    expect(await eventsIn(first)).toHaveLength(2 * 20 * days)
    expect(first.stats().expiredRows).toEqual({ age: 2 * 20 * (days - 1), 'table-size': 0, size: 0 })
    for (const engine of engines) await engine.close()

    const third = await open(0, Math.floor(bytes / 2))
    await third.applyRetention()
    const left = await eventsIn(third)
    expect(third.stats().sealedBytes).toBeLessThanOrEqual(bytes / 2)
    expect(third.stats().expiredRows).toMatchObject({ size: 2 * 20 * days - left.length })
    // Whole files go, and none that is newer than one that stays.
    const newest = (node: number): string[] => eventsOf(`node-${node}`, 20 * days).filter((one) => left.includes(one))
    for (const node of [0, 1]) {
      const seqs = newest(node)
        .map((one) => Number(one.split(':')[1]))
        .sort((a, b) => a - b)
      expect(seqs.length % 20).toBe(0)
      expect(seqs).toEqual(upTo(20 * days).slice(20 * days - seqs.length))
    }
    expect(left.length).toBeGreaterThan(0)
  }, 60_000)

  it('puts small files together while others search and seal', async () => {
    const options = await lakes.create()
    const engines = [await engineAt(newDataDir(), options), await engineAt(newDataDir(), options)]
    const blocks = engines.map((_, i) => new Blocks(`node-${i}`))
    for (let round = 0; round < 3; round++) {
      for (const [i, engine] of engines.entries()) {
        engine.append(blocks[i]?.invites(10) ?? new Blocks().invites(1))
        await engine.seal()
      }
    }
    const [first, second] = engines
    if (first === undefined || second === undefined) throw new Error('no engines')
    await allSeqs(first)
    const before = first.stats().sealedFiles
    second.append(blocks[1]?.invites(10) ?? new Blocks().invites(1))
    await Promise.all([first.applyRetention(), second.seal(), eventsIn(second)])
    const all = [...eventsOf('node-0', 30), ...eventsOf('node-1', 40)].sort()
    expect(await eventsIn(first)).toEqual(all)
    expect(await eventsIn(second)).toEqual(all)
    expect(first.stats().sealedFiles).toBeLessThan(before)
  }, 60_000)
})

describe('a lake in a file', () => {
  it('is enough for one store', async () => {
    const { lake, extensionDirectory } = await lakes.create()
    const place = newDataDir()
    const alone = {
      extensionDirectory,
      lake: { ...lake, catalog: `${place}/catalog.ducklake`, dataPath: `${place}/rows` },
    }
    const dataDir = newDataDir()
    const blocks = new Blocks()
    const first = await engineAt(dataDir, alone)
    first.append(blocks.invites(30))
    await first.seal()
    expect(await allSeqs(first)).toEqual(upTo(30))
    await first.close()
    const second = await engineAt(dataDir, alone)
    second.append(blocks.invites(10))
    await second.seal()
    expect(await allSeqs(second)).toEqual(upTo(40))
    expect(
      readdirSync(`${place}/rows`, { recursive: true }).filter((name) => String(name).endsWith('.parquet')),
    ).not.toHaveLength(0)
  }, 30_000)
})
