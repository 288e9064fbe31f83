import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkStorage } from '../../../src/store/check/storage-check.ts'
import type { StoreEngine } from '../../../src/store/engine.ts'
import type { StoreFault } from '../../../src/store/stats.ts'
import { Blocks, EPOCH } from '../blocks.ts'
import { allSeqs, engineAt, newDataDir, search, upTo } from '../data-dir.ts'
import { Lakes, type LakeStoreOptions } from './lakes.ts'
import { S3Server } from './s3-server.ts'

const DAY_MS = 86_400_000
const LATE = 20_000

let lakes: Lakes
let s3: S3Server

beforeAll(async () => {
  lakes = await Lakes.start()
  s3 = await S3Server.start()
}, 60_000)
afterAll(async () => {
  await s3.close()
  await lakes.close()
}, 60_000)

/** What a store needs to use a new lake whose data are objects below `name`. */
async function inObjects(name: string, server = s3): Promise<LakeStoreOptions> {
  const { lake, extensionDirectory } = await lakes.create()
  return { lake: { ...lake, dataPath: server.dataPath(name), s3: server.options }, extensionDirectory }
}

async function nodesIn(engine: StoreEngine): Promise<string[]> {
  const rows = await search(engine, { filter: { event_type: 'all' }, param: { limit: 50_000 } })
  return rows.map(({ node, seq }) => `${String(node)}:${String(seq)}`).sort()
}

/** Objects that have rows. The ledger is in the catalog, but a store that did not make it may not know that yet. */
function rowObjects(name: string): string[] {
  return s3.objects(name).filter((path) => !path.includes('/hepscope_ledger/'))
}

describe('a lake in an object store', () => {
  it('has the rows of two stores, each once, and loses the objects of those that retention removes', async () => {
    let nowMs = EPOCH
    const retention = { days: 2, maxBytes: 0, tables: {} }
    // Not by a clock that is put on: what is hot is to stay so.
    const options = { ...(await inObjects('two')), retention, sealIntervalMs: Infinity }
    const dataDir = newDataDir()
    const engines = [
      await engineAt(dataDir, options, { now: () => nowMs }),
      await engineAt(newDataDir(), options, { now: () => nowMs }),
    ]
    for (const [i, engine] of engines.entries()) {
      const blocks = new Blocks(`node-${i}`)
      engine.append(blocks.invites(300))
      await engine.seal()
      engine.append(blocks.invites(20))
      await engine.flush()
    }
    const sealed = [0, 1].flatMap((i) => upTo(300).map((seq) => `node-${i}:${seq}`))
    for (const [i, engine] of engines.entries()) {
      const own = upTo(320)
        .slice(300)
        .map((seq) => `node-${i}:${seq}`)
      expect(await nodesIn(engine)).toEqual([...sealed, ...own].sort())
      expect(engine.stats()).toMatchObject({ state: 'ok', hotRows: 20, sealedRows: 600 })
    }
    expect(rowObjects('two')).toHaveLength(4)
    const { lake, extensionDirectory } = options
    const checkedLake = { options: lake, extensionDirectory }
    const report = await checkStorage({ dataDir, repair: false, isLive: true, lake: checkedLake })
    expect(report).toMatchObject({ lake: { files: 4, rows: 600 }, findings: [] })

    const [one] = engines
    if (one === undefined) throw new Error('no engine')
    nowMs = Date.now() + 4 * DAY_MS
    await one.applyRetention()
    expect(rowObjects('two')).toEqual([])
    for (const engine of engines) expect(await nodesIn(engine)).toHaveLength(20)
  }, 30_000)

  it('that is away is a fault with a name; rows stay in the log, and are sealed when it is back', async () => {
    const faults: StoreFault[] = []
    const dataDir = newDataDir()
    const engine = await engineAt(dataDir, await inObjects('away'), { onFault: (fault) => faults.push(fault) })
    const blocks = new Blocks()
    engine.append(blocks.invites(20))
    await engine.seal()
    await s3.stop()
    try {
      await expect.poll(() => engine.stats().state, { timeout: LATE }).toBe('degraded')
      expect(engine.stats().lastError).toMatch(/^lake: .*Could not connect to server/)
      engine.append(blocks.invites(10))
      await engine.flush()
      void engine.seal()
      await expect.poll(() => faults.map(({ cause }) => cause), { timeout: LATE }).toContain('seal')
      engine.append(blocks.invites(10))
      await engine.flush()
      expect(await allSeqs(engine)).toEqual(upTo(40).slice(20))
      expect(engine.stats()).toMatchObject({ hotRows: 20, sealedRows: 20, lake: { isReachable: false, rows: 20 } })
      expect(engine.stats().logBytes).toBeGreaterThan(0)
    } finally {
      await s3.restart()
    }
    await expect.poll(() => engine.stats().state, { timeout: LATE }).toBe('ok')
    expect(await allSeqs(engine)).toEqual(upTo(40))
    await engine.seal()
    expect(await allSeqs(engine)).toEqual(upTo(40))
    const { lake, ...stats } = engine.stats()
    expect(stats).toMatchObject({ hotRows: 0, sealedRows: 40, logSegments: 0 })
    expect(lake).toMatchObject({ isReachable: true, rows: 40, files: 6, bytes: stats.sealedBytes })
    expect(Math.abs(Date.now() - (lake?.committedMs ?? 0))).toBeLessThan(60_000)
  }, 60_000)

  it('that refuses the key is a fault that does not say the secret', async () => {
    const { lake, extensionDirectory } = await inObjects('refused')
    const secret = 'another+secret/1'
    const faults: StoreFault[] = []
    const options = { extensionDirectory, lake: { ...lake, s3: { ...lake.s3, secret } } }
    const engine = await engineAt(newDataDir(), options, { onFault: (fault) => faults.push(fault) })
    engine.append(new Blocks().invites(10))
    void engine.seal()
    await expect.poll(() => engine.stats().lastError, { timeout: LATE }).toMatch(/^seal: .*403/)
    expect(await allSeqs(engine)).toEqual(upTo(10))
    const told = JSON.stringify([faults, engine.stats()])
    for (const text of [secret, encodeURIComponent(secret)]) expect(told).not.toContain(text)
  }, 30_000)

  it('that speaks TLS is believed if the authority is known, and not otherwise', async () => {
    const secure = await S3Server.start(true)
    try {
      const { lake, extensionDirectory } = await inObjects('secure', secure)
      const stranger = { extensionDirectory, lake: { ...lake, s3: { ...lake.s3, caFile: '' } } }
      const refused = await engineAt(newDataDir(), stranger)
      refused.append(new Blocks().invites(10))
      void refused.seal()
      await expect.poll(() => refused.stats().lastError, { timeout: LATE }).toMatch(/^seal: .*SSL/)
      await refused.close()
      const engine = await engineAt(newDataDir(), { lake, extensionDirectory })
      engine.append(new Blocks().invites(10))
      await engine.seal()
      expect(await allSeqs(engine)).toEqual(upTo(10))
      expect(secure.objects('secure')).toHaveLength(2)
    } finally {
      await secure.close()
    }
  }, 30_000)
})
