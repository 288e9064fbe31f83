import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockLog } from '../../src/store/block-log.ts'
import { nodeFiles } from '../../src/store/files.ts'
import { KeptSegments } from '../../src/store/kept-segments.ts'
import { LogReader } from '../../src/store/log-reader.ts'
import { Blocks, EPOCH, packetOf, sipText } from './blocks.ts'
import { newDataDir, upTo } from './data-dir.ts'

interface Options {
  readonly segmentBytes?: number
  readonly keepBytes?: number
}

/** A log and what reads it, on a real directory. */
function openLog(directory: string, { segmentBytes = 1 << 30, keepBytes = 1 << 30 }: Options = {}) {
  const faults: string[] = []
  const onFault = (error: unknown): number => faults.push(String(error))
  const kept = new KeptSegments({ directory: join(directory, 'kept'), files: nodeFiles, maxBytes: keepBytes, onFault })
  const log = new BlockLog({
    directory,
    files: nodeFiles,
    segmentBytes,
    maxBytes: 1 << 30,
    isNameTaken: () => false,
    keep: (segment) => kept.take(segment),
    onFault: (_, error) => onFault(error),
    now: () => 0,
  })
  const reader = new LogReader({
    files: nodeFiles,
    segments: () => [...kept.all, ...log.segments],
    onFault: (_, error) => onFault(error),
  })
  return { log, kept, reader, faults }
}

const seqsOf = (blocks: readonly EventBlock[]): number[] =>
  blocks.flatMap((block) => Array.from({ length: block.count }, (_, row) => block.seq(row)))

/** All `seq` behind a position, read step by step, and how many steps that took. */
async function readAfter(reader: LogReader, epoch: number, seq: number) {
  const seqs: number[] = []
  let steps = 0
  for (let from = { epoch, seq }; ;) {
    const blocks = await reader.read('after', from)
    const last = blocks.at(-1)
    if (last === undefined) return { seqs, steps }
    steps++
    const behind = from
    seqs.push(...seqsOf(blocks.filter((block) => block.epoch !== epoch)))
    seqs.push(...seqsOf(blocks.filter((block) => block.epoch === epoch)).filter((found) => found > behind.seq))
    from = { epoch: last.epoch, seq: last.lastSeq }
  }
}

async function readBefore(reader: LogReader, epoch: number, seq: number): Promise<number[]> {
  const seqs: number[] = []
  for (let from = { epoch, seq }; ;) {
    const blocks = await reader.read('before', from)
    const [first] = blocks
    if (first === undefined) return seqs
    const ahead = from
    seqs.unshift(...seqsOf(blocks).filter((found) => found < ahead.seq))
    from = { epoch: first.epoch, seq: first.seq(0) }
  }
}

/** INVITEs of some 3 kB, so that a few hundred fill more than one step. */
function fat(blocks: Blocks, count: number): EventBlock {
  return blocks.of(...Array.from({ length: count }, () => packetOf(sipText({ body: 'x'.repeat(3000) }))))
}

describe('LogReader', () => {
  it('reads from any event on, forwards and backwards, in bounded steps, over segments that are open or closed', async () => {
    const { log, reader } = openLog(newDataDir(), { segmentBytes: 1_500_000 })
    const blocks = new Blocks()
    for (let i = 0; i < 40; i++) log.append(fat(blocks, 50))
    expect(log.segments.length).toBeGreaterThan(3)
    for (const seq of [0, 1, 49, 50, 51, 777, 1949, 1999]) {
      const { seqs, steps } = await readAfter(reader, EPOCH, seq)
      expect(seqs).toEqual(upTo(2000).filter((at) => at > seq))
      expect(steps).toBeGreaterThanOrEqual(Math.floor(((2000 - seq) * 3000) / 1_300_000))
    }
    expect(await readAfter(reader, EPOCH, 2000)).toEqual({ seqs: [], steps: 0 })
    for (const seq of [1, 2, 50, 51, 52, 1001, 2001, Infinity]) {
      expect(await readBefore(reader, EPOCH, seq)).toEqual(upTo(2000).filter((at) => at < seq))
    }
    // What comes later is found as well.
    log.append(blocks.invites(3))
    expect((await readAfter(reader, EPOCH, 2000)).seqs).toEqual([2001, 2002, 2003])
  })

  it('goes on from one run to the next', async () => {
    const directory = newDataDir()
    const first = openLog(directory)
    first.log.append(new Blocks().invites(5))
    await first.log.close()
    const { log, reader } = openLog(directory)
    log.append(new Blocks(undefined, EPOCH + 1000).invites(2))
    expect((await reader.read('after', { epoch: EPOCH, seq: 3 })).map(({ epoch }) => epoch)).toEqual([EPOCH])
    expect((await reader.read('after', { epoch: EPOCH, seq: 5 })).map(({ epoch }) => epoch)).toEqual([EPOCH + 1000])
    expect((await reader.read('before', { epoch: EPOCH + 1000, seq: 1 })).map(({ epoch }) => epoch)).toEqual([EPOCH])
  })

  it('leaves out what is damaged, and reads what is whole on both sides of it', async () => {
    const directory = newDataDir()
    const { log, reader } = openLog(directory)
    const blocks = new Blocks()
    const ends = [10, 10, 10].map((count) => {
      const logged = log.append(blocks.invites(count))
      return logged.ok ? logged.end : 0
    })
    const path = join(directory, `${EPOCH}-1.hsb`)
    const bytes = readFileSync(path)
    bytes.fill(0xff, (ends[0] ?? 0) + 8, (ends[0] ?? 0) + 400)
    writeFileSync(path, bytes)
    expect((await readAfter(reader, EPOCH, 0)).seqs).toEqual([...upTo(10), ...upTo(30).slice(20)])
    expect(await readBefore(reader, EPOCH, Infinity)).toEqual([...upTo(10), ...upTo(30).slice(20)])
  })

  it('reads sealed segments as far as they are kept; the oldest go first, and none outlives its age', async () => {
    const directory = newDataDir()
    const size = 60_000
    const { log, kept, reader, faults } = openLog(directory, { segmentBytes: size, keepBytes: 3.5 * size })
    const blocks = new Blocks()
    for (let i = 0; i < 20; i++) log.append(fat(blocks, 10))
    log.roll()
    for (const segment of [...log.segments]) log.remove(segment)
    expect(log.bytes).toBe(0)
    expect(kept.bytes).toBeLessThanOrEqual(3.5 * size)
    const { seqs } = await readAfter(reader, EPOCH, 0)
    expect(seqs).toEqual(upTo(200).slice(-seqs.length))
    expect(seqs.length).toBeGreaterThan(30)

    await log.close()
    const again = openLog(directory, { keepBytes: 3.5 * size })
    expect(again.log.segments).toEqual([])
    expect((await readAfter(again.reader, EPOCH, 0)).seqs).toEqual(seqs)
    again.kept.expire(EPOCH + 1)
    expect(again.kept.bytes).toBe(0)
    expect(readdirSync(join(directory, 'kept'))).toEqual([])
    expect(faults).toEqual([])
  })

  it('keeps none where that is not wanted', () => {
    const directory = newDataDir()
    const { log, kept } = openLog(directory, { keepBytes: 0 })
    log.append(new Blocks().invites(5))
    log.roll()
    for (const segment of [...log.segments]) log.remove(segment)
    expect(kept.all).toEqual([])
    expect(existsSync(join(directory, `${EPOCH}-1.hsb`))).toBe(false)
  })

  it('takes a segment that is gone for empty, and says so', async () => {
    const directory = newDataDir()
    const { log, reader, faults } = openLog(directory, { segmentBytes: 1 })
    const blocks = new Blocks()
    for (let i = 0; i < 3; i++) log.append(blocks.invites(2))
    nodeFiles.remove(join(directory, `${EPOCH}-3.hsb`))
    expect((await readAfter(reader, EPOCH, 0)).seqs).toEqual([1, 2, 5, 6])
    expect(faults[0]).toContain('ENOENT')
  })
})
