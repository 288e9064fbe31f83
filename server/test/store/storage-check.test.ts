import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkStorage, type StorageReport } from '../../src/store/check/storage-check.ts'
import { Blocks, EPOCH, packetOf, START_US } from './blocks.ts'
import { allSeqs, engineAt, messages, newDataDir, search, upTo } from './data-dir.ts'

/** A data directory with two sealings of 100 events in two tables each, and their calls, 50 rows in the log, and a segment that is kept. */
async function storedDir(): Promise<string> {
  const dataDir = newDataDir()
  const engine = await engineAt(dataDir)
  const blocks = new Blocks()
  for (let i = 0; i < 2; i++) {
    const reports = Array.from({ length: 40 }, () => packetOf('{"a":1}', { protocolType: 5, tsUs: START_US }))
    engine.append(blocks.invites(60))
    engine.append(blocks.of(...reports))
    await engine.seal()
  }
  engine.append(blocks.invites(20))
  engine.append(blocks.invites(20))
  engine.append(blocks.invites(10))
  await engine.flush()
  await engine.close()
  return dataDir
}

const look = (dataDir: string): Promise<StorageReport> => checkStorage({ dataDir, repair: false, isLive: false })
const repair = (dataDir: string): Promise<StorageReport> => checkStorage({ dataDir, repair: true, isLive: false })

/** `SEVERITY PATH: MESSAGE` of all findings. */
const told = ({ findings }: StorageReport): string[] =>
  findings.map(({ severity, path, message }) => `${severity} ${path}: ${message}`)

const repairs = ({ findings }: StorageReport): (string | undefined)[] => findings.map(({ repaired }) => repaired)

function parquetFiles(dataDir: string, table = ''): string[] {
  return readdirSync(join(dataDir, 'parquet'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes(table))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function sealedNames(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'sealed')).sort()
}

function logFile(dataDir: string): string {
  const name = readdirSync(join(dataDir, 'log')).find((file) => file.endsWith('.hsb'))
  return join(dataDir, 'log', name ?? '')
}

/** Every row of every table, by `seq`, once a server has started on the directory. */
async function seqsAfterStart(dataDir: string): Promise<number[]> {
  const engine = await engineAt(dataDir)
  await engine.flush()
  const others = await search(engine, { filter: { proto_type: 5, event_type: 'default' }, param: { limit: 50_000 } })
  const seqs = [...(await allSeqs(engine)), ...others.map(({ seq }) => Number(seq))].sort((a, b) => a - b)
  await engine.close()
  return seqs
}

describe('checkStorage', () => {
  it('finds nothing in what a server left behind, and counts it', async () => {
    const dataDir = await storedDir()
    const report = await look(dataDir)
    expect(report).toMatchObject({
      sealed: { manifests: 2, files: 6, rows: 200 },
      log: { segments: 1, blocks: 3, rows: 50 },
      kept: { segments: 2, blocks: 4, rows: 200 },
      findings: [],
    })
    expect(await repair(dataDir)).toEqual(report)
  })

  it('refuses a directory in which nothing was ever stored', async () => {
    await expect(look(newDataDir())).rejects.toThrow('nothing is stored in')
  })

  it('takes a file that is missing out of its manifest, so that the rest is found without complaint', async () => {
    const dataDir = await storedDir()
    const [file = ''] = parquetFiles(dataDir, 'hep_proto_1_call')
    rmSync(file)
    expect(told(await look(dataDir))).toEqual([
      `damage ${file.slice(dataDir.length + 1)}: missing (60 rows by sealed/${EPOCH}-1-100.json)`,
    ])
    expect(repairs(await repair(dataDir))).toEqual(['taken out of the manifest'])
    expect((await look(dataDir)).findings).toEqual([])
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(250).filter((seq) => seq > 60))
  })

  it.each([
    ['cut off', (file: string) => truncateSync(file, 500)],
    ['not Parquet', (file: string) => writeFileSync(file, 'something else')],
    [
      'changed in its midst',
      (file: string) => {
        const bytes = readFileSync(file)
        bytes.fill(0, bytes.length >> 3, bytes.length >> 1)
        writeFileSync(file, bytes)
      },
    ],
  ])('moves a file that is %s aside, and keeps what can be read', async (_, damage) => {
    const dataDir = await storedDir()
    const [file = ''] = parquetFiles(dataDir, 'hep_proto_1_call')
    damage(file)
    expect(told(await look(dataDir))).toEqual([expect.stringContaining('cannot be read: ')])
    expect(existsSync(file)).toBe(true)
    expect(repairs(await repair(dataDir))).toEqual(['moved aside as *.damaged; taken out of the manifest'])
    expect(existsSync(`${file}.damaged`)).toBe(true)
    expect((await look(dataDir)).findings).toEqual([])
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(250).filter((seq) => seq > 60))
  })

  it('lets a manifest say what its file really holds', async () => {
    const dataDir = await storedDir()
    const path = join(dataDir, 'sealed', `${EPOCH}-1-100.json`)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('"rows":60', '"rows":61').replace(/"maxTsUs":\d+/, '"maxTsUs":7'))
    const [finding] = told(await look(dataDir))
    expect(finding).toMatch(/rows 60 instead of 61.*maxTsUs \d+ instead of 7/)
    expect(repairs(await repair(dataDir))).toEqual(['the manifest says what is there'])
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('makes a manifest that cannot be read anew from its files: no row is lost', async () => {
    const dataDir = await storedDir()
    const path = join(dataDir, 'sealed', `${EPOCH}-1-100.json`)
    truncateSync(path, 40)
    expect(told(await look(dataDir))).toEqual([
      `damage sealed/${EPOCH}-1-100.json: not a manifest that this version reads; 160 rows in 3 files of its name are not searched`,
    ])
    expect(repairs(await repair(dataDir))).toEqual(['moved aside as *.damaged, and made anew from the files'])
    expect(told(await look(dataDir))).toEqual([
      `note sealed/${EPOCH}-1-100.json.damaged: 40 bytes, set aside; nothing looks at them`,
    ])
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(250))
  })

  it('saves files whose manifest is gone, which the next start would remove', async () => {
    const dataDir = await storedDir()
    rmSync(join(dataDir, 'sealed', `${EPOCH}-101-200.json`))
    expect(told(await look(dataDir))).toEqual([
      `note sealed/${EPOCH}-101-200.ids: the manifest that names it is gone`,
      expect.stringContaining('nothing else has 100 of its 100 rows: the next start would remove them'),
    ])
    expect(repairs(await repair(dataDir))).toEqual(['removed', `sealed/${EPOCH}-101-200.json was made from the files`])
    expect((await look(dataDir)).findings).toEqual([])
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(250))
  })

  it('removes what a sealing that was cut off has left: its rows are in the log', async () => {
    const dataDir = await storedDir()
    // As before the commit of the second sealing: files but no manifest, and the segment still in the log.
    rmSync(join(dataDir, 'sealed', `${EPOCH}-101-200.json`))
    renameSync(join(dataDir, 'log', 'kept', `${EPOCH}-101.hsb`), join(dataDir, 'log', `${EPOCH}-101.hsb`))
    const [file = ''] = parquetFiles(dataDir, 'hep_proto_1_call').slice(-1)
    writeFileSync(file.replace('-101-200.parquet', '-201-250.parquet.tmp'), 'half a file')
    writeFileSync(join(dataDir, 'sealed', `${EPOCH}-201-250.json.tmp`), '{')
    expect(told(await look(dataDir)).sort()).toEqual([
      expect.stringContaining('no manifest names it (and 2 more of this name); all its rows are elsewhere'),
      expect.stringContaining('.parquet.tmp: left behind by a sealing that was cut off'),
      `note sealed/${EPOCH}-101-200.ids: the manifest that names it is gone`,
      expect.stringContaining('.json.tmp: left behind by a sealing that was cut off'),
    ])
    expect(repairs(await repair(dataDir))).toEqual(['removed', 'removed', 'removed', 'removed'])
    expect((await look(dataDir)).findings).toEqual([])
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(250))
  })

  it('says that rows are sealed twice', async () => {
    const dataDir = await storedDir()
    const name = `${EPOCH}-101-200`
    const copy = `${EPOCH}-101-200-1`
    for (const file of parquetFiles(dataDir).filter((path) => path.includes(name))) {
      copyFileSync(file, file.replace(name, copy))
    }
    const manifest = readFileSync(join(dataDir, 'sealed', `${name}.json`), 'utf8')
    writeFileSync(join(dataDir, 'sealed', `${copy}.json`), manifest.replaceAll(`${name}.parquet`, `${copy}.parquet`))
    expect(told(await repair(dataDir))).toEqual([
      expect.stringMatching(/^damage .*: 100 events are also in the files of sealed\/.*: searches find them twice$/),
    ])
  })

  it('takes what a merge has replaced for no second copy, and removes it', async () => {
    const dataDir = await storedDir()
    const name = `${EPOCH}-101-200`
    const merged = `${EPOCH}-101-200-1`
    for (const file of parquetFiles(dataDir).filter((path) => path.includes(name))) {
      copyFileSync(file, file.replace(name, merged))
    }
    const manifest = readFileSync(join(dataDir, 'sealed', `${name}.json`), 'utf8')
    const replacing = JSON.parse(manifest.replaceAll(`${name}.parquet`, `${merged}.parquet`)) as object
    writeFileSync(join(dataDir, 'sealed', `${merged}.json`), JSON.stringify({ ...replacing, replaces: [name] }))
    expect(told(await look(dataDir))).toEqual([
      `note sealed/${name}.json: left behind by a merge that was cut off: another manifest is in its place`,
      expect.stringContaining('no manifest names it (and 2 more of this name); all its rows are elsewhere'),
    ])
    expect(repairs(await repair(dataDir))).toEqual(['removed', 'removed'])
    expect((await look(dataDir)).findings).toEqual([])
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(250))
  })

  it('takes filters out of the manifest that would hide rows', async () => {
    const dataDir = await storedDir()
    const path = join(dataDir, 'sealed', `${EPOCH}-1-100.ids`)
    const bytes = readFileSync(path)
    writeFileSync(path, new Uint8Array(bytes.length))
    const message = `the filter of its Call-IDs is of other rows: searches miss some`
    expect(told(await look(dataDir))).toEqual([
      expect.stringMatching(`^damage parquet/hep_proto_1_call/.*: ${message}`),
      expect.stringMatching(`^damage parquet/hep_proto_5_default/.*: ${message}`),
    ])
    expect(repairs(await repair(dataDir))).toEqual([
      'the manifest says what is there',
      'the manifest says what is there',
    ])
    expect((await look(dataDir)).findings).toEqual([])
    const engine = await engineAt(dataDir)
    await engine.flush()
    expect(await messages(engine, { session_id: 'call-7@example.com' })).toHaveLength(5)
  })

  it('misses no filter that was deleted', async () => {
    const dataDir = await storedDir()
    rmSync(join(dataDir, 'sealed', `${EPOCH}-1-100.ids`))
    expect((await look(dataDir)).findings).toEqual([])
  })

  it('takes a segment out of the log whose rows are sealed, before a start stores them again', async () => {
    const dataDir = await storedDir()
    renameSync(join(dataDir, 'log', 'kept', `${EPOCH}-1.hsb`), join(dataDir, 'log', `${EPOCH}-1-7.hsb`))
    expect(told(await look(dataDir))).toEqual([
      `damage log/${EPOCH}-1-7.hsb: 100 of its 100 rows are sealed already: the next start would store them again`,
    ])
    expect(repairs(await repair(dataDir))).toEqual(['moved to log/kept'])
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(250))

    renameSync(join(dataDir, 'log', 'kept', `${EPOCH}-101.hsb`), join(dataDir, 'log', `${EPOCH}-101.hsb`))
    expect(told(await look(dataDir))).toEqual([`note log/${EPOCH}-101.hsb: its rows are sealed`])
  })

  it('cuts the torn end of the log, and reads past damage in its midst', async () => {
    const dataDir = await storedDir()
    const path = logFile(dataDir)
    const bytes = readFileSync(path)
    truncateSync(path, bytes.length - 10)
    expect(told(await look(dataDir))).toEqual([expect.stringMatching(/^note .*: a torn block of \d+ bytes at its end/)])
    expect(repairs(await repair(dataDir))).toEqual([expect.stringMatching(/^cut to \d+ bytes$/)])
    expect(await look(dataDir)).toMatchObject({ log: { blocks: 2, rows: 40 }, findings: [] })

    bytes.fill(0xff, 100, 300)
    writeFileSync(path, bytes)
    const report = await repair(dataDir)
    expect(told(report)).toEqual([
      expect.stringMatching(/^damage .*bytes in the midst of it are no whole block; the 2 others/),
    ])
    expect(report.findings[0]).not.toHaveProperty('repaired')
    expect(report.log).toMatchObject({ blocks: 2, rows: 30 })
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(250).filter((seq) => seq <= 200 || seq > 220))
  })

  it('moves a segment without a whole block aside, removes an empty one, and a kept one that is torn', async () => {
    const dataDir = await storedDir()
    const path = logFile(dataDir)
    writeFileSync(path, 'not a block'.repeat(50))
    writeFileSync(join(dataDir, 'log', `${EPOCH}-999.hsb`), '')
    const kept = join(dataDir, 'log', 'kept', `${EPOCH}-1.hsb`)
    truncateSync(kept, readFileSync(kept).length - 3)
    const report = await repair(dataDir)
    expect(told(report)).toEqual([
      `damage log/${basename(path)}: no block of its 550 bytes is whole`,
      `note log/${EPOCH}-999.hsb: an empty segment`,
      expect.stringMatching(/^note log\/kept\/.*: \d+ bytes are no whole block; its rows are sealed$/),
    ])
    expect(repairs(report)).toEqual(['moved aside as *.damaged', 'removed', 'removed'])
    expect(await seqsAfterStart(dataDir)).toEqual(upTo(200))
  })

  it('changes nothing unless it is asked to, whatever it finds', async () => {
    const dataDir = await storedDir()
    const [first = '', second = ''] = parquetFiles(dataDir, 'hep_proto_1_call')
    rmSync(first)
    truncateSync(second, 100)
    truncateSync(logFile(dataDir), 1000)
    rmSync(join(dataDir, 'sealed', sealedNames(dataDir)[0] ?? ''))
    const contents = (): string[] =>
      readdirSync(dataDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => `${path} ${readFileSync(path, 'base64')}`)
        .sort()
    const before = contents()
    expect((await look(dataDir)).findings.length).toBeGreaterThan(2)
    expect(contents()).toEqual(before)
  })

  it('looks at the files of a running server without complaint, at any moment', async () => {
    const dataDir = newDataDir()
    const engine = await engineAt(dataDir, { sealRows: 300, segmentBytes: 50_000 })
    const blocks = new Blocks()
    for (let i = 0; i < 40; i++) {
      engine.append(blocks.invites(60))
      if (i % 5 === 4) {
        const { findings } = await checkStorage({ dataDir, repair: false, isLive: true })
        expect(findings).toEqual([])
      }
    }
    await engine.flush()
    expect(engine.stats().sealedRows).toBeGreaterThan(0)
  })
})
