import { readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LakeCheckError } from '../../../src/store/check/check-lake.ts'
import { checkStorage, type StorageReport } from '../../../src/store/check/storage-check.ts'
import { Blocks } from '../blocks.ts'
import { allSeqs, engineAt, newDataDir, upTo } from '../data-dir.ts'
import { Lakes, type LakeStoreOptions } from './lakes.ts'
import { dieBehindCommit } from './seal-faults.ts'

let lakes: Lakes

beforeAll(async () => {
  lakes = await Lakes.start()
}, 60_000)
afterAll(() => lakes.close(), 60_000)

function check(
  dataDir: string,
  { lake, extensionDirectory }: LakeStoreOptions,
  repair = false,
): Promise<StorageReport> {
  return checkStorage({ dataDir, repair, isLive: false, lake: { options: lake, extensionDirectory } })
}

/** A data directory with 30 events in the lake, and 10 in the log. */
async function sealedDir(options: LakeStoreOptions): Promise<string> {
  const dataDir = newDataDir()
  const engine = await engineAt(dataDir, options)
  const blocks = new Blocks()
  engine.append(blocks.invites(30))
  await engine.seal()
  engine.append(blocks.invites(10))
  await engine.flush()
  await engine.close()
  return dataDir
}

function eventFile({ lake }: LakeStoreOptions): string {
  const names = readdirSync(lake.dataPath, { recursive: true }).map(String)
  const name = names.find((one) => one.includes('hep_proto_1_call') && one.endsWith('.parquet'))
  return join(lake.dataPath, name ?? '')
}

describe('check of a data directory with a lake', () => {
  it('finds nothing wrong with what a server leaves', async () => {
    const options = await lakes.create()
    const report = await check(await sealedDir(options), options)
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({ lake: { files: 2, rows: 30 }, log: { rows: 10 } })
  })

  it('names files of the lake that are missing or not whole', async () => {
    const options = await lakes.create()
    const dataDir = await sealedDir(options)
    const path = eventFile(options)
    writeFileSync(path, readFileSync(path).subarray(0, 100))
    const torn = await check(dataDir, options)
    expect(torn.findings).toEqual([expect.objectContaining({ severity: 'damage', path })])
    expect(torn.findings[0]?.message).toMatch(/^has 100 bytes instead of \d+: .*hep_proto_1_call .* 30 rows/)
    const yesterday = new Date(Date.now() - 2 * 86_400_000)
    renameSync(path, path.replace('ducklake-', 'other-'))
    utimesSync(path.replace('ducklake-', 'other-'), yesterday, yesterday)
    const [missing, unknown] = (await check(dataDir, options)).findings
    expect(missing?.message).toMatch(/^is not there: /)
    expect(unknown).toMatchObject({ severity: 'note', path: options.lake.dataPath })
    expect(unknown?.message).toMatch(/^1 files? that the lake does not know/)
    rmSync(options.lake.dataPath, { recursive: true })
    expect((await check(dataDir, options)).findings).toHaveLength(2)
  })

  it('knows segments of the log whose rows are in the lake, and keeps them from coming back', async () => {
    const options = await lakes.create()
    const dataDir = newDataDir()
    await dieBehindCommit(dataDir, options, new Blocks(), 10)
    const [name = ''] = readdirSync(join(dataDir, 'log')).filter((one) => one.endsWith('.hsb'))
    const finding = { severity: 'note', path: `log/${name}`, message: 'its rows are in the lake' }
    expect((await check(dataDir, options)).findings).toEqual([finding])
    const repaired = await check(dataDir, options, true)
    expect(repaired.findings).toEqual([{ ...finding, repaired: 'moved to log/kept' }])
    const next = await engineAt(dataDir, options)
    await next.flush()
    expect(await allSeqs(next)).toEqual(upTo(20))
  }, 30_000)

  it('cannot be made while the lake is away, and says why without the password', async () => {
    const options = await lakes.create()
    const dataDir = await sealedDir(options)
    const refused = { ...options, lake: { ...options.lake, password: 'not-this-one' } }
    const error = await check(dataDir, refused, true).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(LakeCheckError)
    expect(String(error)).toMatch(/the lake cannot be looked at: .*password authentication failed/)
    expect(String(error)).not.toContain('not-this-one')
  })
})
