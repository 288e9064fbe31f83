import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockLog, type BlockLogOptions, type Logged } from '../../src/store/block-log.ts'
import { nodeFiles } from '../../src/store/files.ts'
import { type Batch, PendingBlocks } from '../../src/store/pending-blocks.ts'
import { formatSegmentName, parseSegmentName, recordBytes } from '../../src/store/segment.ts'
import { Blocks, EPOCH } from './blocks.ts'
import { newDataDir } from './data-dir.ts'
import { FaultFiles } from './fault-files.ts'

function openLog(directory: string, options: Partial<BlockLogOptions> = {}): BlockLog {
  return new BlockLog({
    directory,
    files: nodeFiles,
    segmentBytes: 1 << 20,
    maxBytes: 1 << 30,
    isNameTaken: () => false,
    onFault: () => {},
    now: () => 0,
    ...options,
  })
}

interface Damage {
  readonly name: string
  readonly kind: string
  readonly bytes: number
}

function pendingOf(log: BlockLog, damage: Damage[] = [], memoryBytes = 0): PendingBlocks {
  return new PendingBlocks({
    log,
    files: nodeFiles,
    memoryBytes,
    onDamage: (segment, kind, bytes) => damage.push({ name: segment.name, kind, bytes }),
  })
}

/** Everything that can be taken. */
function takeAll(pending: PendingBlocks): EventBlock[] {
  const blocks: EventBlock[] = []
  for (;;) {
    const batch: Batch = pending.take(1000)
    blocks.push(...batch.blocks)
    if (batch.blocks.length === 0 && !batch.isEnd) return blocks
  }
}

const bytesOf = (blocks: readonly EventBlock[]): string[] =>
  blocks.map((block) => Buffer.from(block.bytes).toString('hex'))

function appendAll(log: BlockLog, blocks: readonly EventBlock[]): Logged[] {
  return blocks.map((block) => log.append(block))
}

/** Three blocks in one segment of an earlier run. */
async function writtenLog(): Promise<{ directory: string; path: string; blocks: EventBlock[] }> {
  const directory = newDataDir()
  const blocks = new Blocks()
  const written = [blocks.invites(2), blocks.invites(1), blocks.invites(1)]
  const log = openLog(directory)
  appendAll(log, written)
  await log.close()
  return { directory, path: join(directory, `${EPOCH}-1.hsb`), blocks: written }
}

describe('BlockLog', () => {
  it('gives the blocks of an earlier run back byte for byte', async () => {
    const { directory, blocks } = await writtenLog()
    const log = openLog(directory)
    expect(log.segments.map(({ name, isReplay }) => ({ name, isReplay }))).toEqual([
      { name: `${EPOCH}-1.hsb`, isReplay: true },
    ])
    expect(bytesOf(takeAll(pendingOf(log)))).toEqual(bytesOf(blocks))
  })

  it('begins a new segment when one is full, named for its first event', async () => {
    const directory = newDataDir()
    const blocks = new Blocks()
    const written = [blocks.invites(3), blocks.invites(2), blocks.invites(1)]
    const log = openLog(directory, { segmentBytes: 1 })
    appendAll(log, written)
    await log.close()
    expect(readdirSync(directory).sort()).toEqual([`${EPOCH}-1.hsb`, `${EPOCH}-4.hsb`, `${EPOCH}-6.hsb`])
    expect(bytesOf(takeAll(pendingOf(openLog(directory))))).toEqual(bytesOf(written))
  })

  it('takes another name when the one it wants was sealed or is there', async () => {
    const directory = newDataDir()
    const block = new Blocks().invites(1)
    const log = openLog(directory, { segmentBytes: 1, isNameTaken: (name) => name === `${EPOCH}-1.hsb` })
    appendAll(log, [block, block])
    await log.close()
    expect(readdirSync(directory).sort()).toEqual([`${EPOCH}-1-1.hsb`, `${EPOCH}-1-2.hsb`])
  })

  it('cuts a tail torn at any byte, and keeps what is before it', async () => {
    const { directory, path, blocks } = await writtenLog()
    const whole = readFileSync(path)
    const last = recordBytes(blocks[2]?.bytes.length ?? 0)
    const start = whole.length - last
    for (let length = start; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length))
      const damage: Damage[] = []
      const log = openLog(directory)
      expect(takeAll(pendingOf(log, damage))).toHaveLength(2)
      const torn = length - start
      expect(damage).toEqual(torn === 0 ? [] : [{ name: `${EPOCH}-1.hsb`, kind: 'torn', bytes: torn }])
      expect(log.bytes).toBe(start)
      expect(readFileSync(path)).toHaveLength(start)
    }
  })

  it('cuts a tail of pages that were never written', async () => {
    const { directory, path } = await writtenLog()
    const bytes = readFileSync(path)
    bytes.fill(0, bytes.length - 600, bytes.length - 100)
    writeFileSync(path, bytes)
    const damage: Damage[] = []
    expect(takeAll(pendingOf(openLog(directory), damage))).toHaveLength(2)
    expect(damage[0]?.kind).toBe('torn')
  })

  it('skips a block whose bytes changed, and keeps the file when it is removed from the log', async () => {
    const { directory, path, blocks } = await writtenLog()
    const bytes = readFileSync(path)
    const first = recordBytes(blocks[0]?.bytes.length ?? 0)
    bytes[first - 100] = (bytes[first - 100] ?? 0) ^ 1
    writeFileSync(path, bytes)
    const damage: Damage[] = []
    const log = openLog(directory)
    expect(bytesOf(takeAll(pendingOf(log, damage)))).toEqual(bytesOf(blocks.slice(1)))
    expect(damage).toEqual([{ name: `${EPOCH}-1.hsb`, kind: 'damaged', bytes: first }])
    for (const segment of [...log.segments]) log.remove(segment)
    expect(readdirSync(directory)).toEqual([`${EPOCH}-1.hsb.damaged`])
  })

  it('refuses blocks past its limit, and takes them again when a segment is removed', () => {
    const blocks = new Blocks()
    const first = blocks.invites(1)
    const log = openLog(newDataDir(), { segmentBytes: 1, maxBytes: recordBytes(first.bytes.length) + 100 })
    expect(log.append(first).ok).toBe(true)
    expect(log.append(blocks.invites(1))).toEqual({ ok: false, cause: 'log-full' })
    for (const segment of [...log.segments]) log.remove(segment)
    expect(log.append(blocks.invites(1)).ok).toBe(true)
  })

  it.each([
    { code: 'ENOSPC', cause: 'disk-full' },
    { code: 'EDQUOT', cause: 'disk-full' },
    { code: 'EIO', cause: 'io-error' },
  ])('stops at $code, tries again later with growing pauses, and leaves no torn block', async ({ code, cause }) => {
    const directory = newDataDir()
    const faults = new FaultFiles()
    let nowMs = 0
    const reported: string[] = []
    const log = openLog(directory, {
      files: faults.files,
      now: () => nowMs,
      onFault: (reason) => reported.push(reason),
    })
    const blocks = new Blocks()
    const written = [blocks.invites(1)]
    appendAll(log, written)
    faults.writeFault = code
    expect(log.append(blocks.invites(1))).toEqual({ ok: false, cause })
    faults.writeFault = undefined
    // Not tried before the pause is over.
    expect(log.append(blocks.invites(1))).toEqual({ ok: false, cause })
    nowMs = 250
    faults.writeFault = code
    expect(log.append(blocks.invites(1))).toEqual({ ok: false, cause })
    faults.writeFault = undefined
    nowMs = 500
    expect(log.append(blocks.invites(1))).toEqual({ ok: false, cause })
    nowMs = 750
    const after = blocks.invites(1)
    expect(log.append(after).ok).toBe(true)
    await log.close()
    expect(reported).toEqual([cause, cause])
    expect(bytesOf(takeAll(pendingOf(openLog(directory))))).toEqual(bytesOf([...written, after]))
  })

  it('goes on in another segment after a sync that failed', async () => {
    const directory = newDataDir()
    const faults = new FaultFiles()
    const reported: string[] = []
    const log = openLog(directory, { files: faults.files, onFault: (cause) => reported.push(cause) })
    const blocks = new Blocks()
    const written = [blocks.invites(1), blocks.invites(1)]
    appendAll(log, written.slice(0, 1))
    faults.arm(0)
    await log.sync()
    faults.arm(Infinity)
    faults.isDead = false
    appendAll(log, written.slice(1))
    await log.close()
    expect(reported).toContain('io-error')
    expect(readdirSync(directory)).toHaveLength(2)
    expect(bytesOf(takeAll(pendingOf(openLog(directory))))).toEqual(bytesOf(written))
  })
})

describe('PendingBlocks', () => {
  it.each([
    { name: 'all blocks in memory', memoryBytes: 1 << 30 },
    { name: 'some', memoryBytes: 9000 },
    { name: 'none', memoryBytes: 0 },
  ])('gives each block once and in order, taken while others are added: $name', ({ memoryBytes }) => {
    const log = openLog(newDataDir(), { segmentBytes: 12_000 })
    const pending = pendingOf(log, [], memoryBytes)
    const blocks = new Blocks()
    const written: EventBlock[] = []
    const taken: EventBlock[] = []
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i <= round % 4; i++) {
        const block = blocks.invites(1)
        const logged = log.append(block)
        if (!logged.ok) throw new Error(logged.cause)
        written.push(block)
        pending.add(block, logged.segment, logged.offset, logged.end)
      }
      taken.push(...pending.take(round % 3).blocks)
      if (round % 5 === 0) pending.accept()
    }
    taken.push(...takeAll(pending))
    expect(bytesOf(taken)).toEqual(bytesOf(written))
    pending.accept()
    expect(pending.bytes).toBe(0)
  })

  it.each([{ memoryBytes: 1 << 30 }, { memoryBytes: 0 }])(
    'gives what was taken again after a rewind, $memoryBytes bytes in memory',
    ({ memoryBytes }) => {
      const log = openLog(newDataDir(), { segmentBytes: 9000 })
      const pending = pendingOf(log, [], memoryBytes)
      const blocks = new Blocks()
      const written = Array.from({ length: 10 }, () => blocks.invites(1))
      for (const block of written) {
        const logged = log.append(block)
        if (logged.ok) pending.add(block, logged.segment, logged.offset, logged.end)
      }
      expect(pending.take(2).blocks).toHaveLength(2)
      pending.accept()
      const rest = bytesOf(written.slice(2))
      expect(bytesOf(takeAll(pending))).toEqual(rest)
      pending.rewind()
      expect(bytesOf(takeAll(pending))).toEqual(rest)
    },
  )
})

describe('parseSegmentName', () => {
  it.each([
    { name: '1763769600000-1.hsb', parts: { epoch: EPOCH, firstSeq: 1, copy: 0 } },
    { name: '1763769600000-1025-3.hsb', parts: { epoch: EPOCH, firstSeq: 1025, copy: 3 } },
  ])('reads $name, and formatSegmentName writes it', ({ name, parts }) => {
    expect(parseSegmentName(name)).toEqual(parts)
    expect(formatSegmentName(parts)).toBe(name)
  })

  it.each(['a-1.hsb', '1.hsb', '1-2-3-4.hsb', '1-2.hsb.damaged', '1-2.json'])('refuses %s', (name) => {
    expect(parseSegmentName(name)).toBeUndefined()
  })
})
