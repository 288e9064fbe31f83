import { join, relative } from 'node:path'
import type { StoreFiles } from '../files.ts'
import { type Segment, segmentNames, SegmentReader } from '../segment.ts'
import type { Findings } from './findings.ts'
import type { SeqRange } from './parquet-reader.ts'

/** What a segment of the log holds. */
export interface CheckedSegment {
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly blocks: number
  readonly rows: number
  readonly ranges: readonly SeqRange[]
  /** Bytes that are no block, with more blocks behind them. */
  readonly damagedBytes: number
  /** Bytes behind the last block. */
  readonly tornBytes: number
}

/** Walk every block of the segments in a directory, checksums included; in the order of writing. */
export function readSegments(files: StoreFiles, directory: string): CheckedSegment[] {
  return segmentNames(files, directory).map((name) => readSegment(files, name, join(directory, name)))
}

function readSegment(files: StoreFiles, name: string, path: string): CheckedSegment {
  const bytes = files.size(path) ?? 0
  const segment: Segment = { name, path, isReplay: true, bytes, isClosed: true, damagedBytes: 0 }
  const ranges: { node: string; epoch: number; firstSeq: number; lastSeq: number }[] = []
  let [blocks, rows, damagedBytes, offset] = [0, 0, 0, 0]
  const reader = new SegmentReader(files, segment)
  try {
    while (offset < bytes) {
      const record = reader.read(offset)
      if (!record.ok) {
        if (record.skipTo === undefined) break
        damagedBytes += record.skipTo - offset
        offset = record.skipTo
        continue
      }
      const { node, epoch, count, lastSeq } = record.block
      const firstSeq = record.block.seq(0)
      const last = ranges.at(-1)
      if (last?.node === node && last.epoch === epoch && last.lastSeq === firstSeq - 1) last.lastSeq = lastSeq
      else ranges.push({ node, epoch, firstSeq, lastSeq })
      blocks++
      rows += count
      offset = record.end
    }
  } finally {
    reader.close()
  }
  return { name, path, bytes, blocks, rows, ranges, damagedBytes, tornBytes: bytes - offset }
}

export interface LogCheck {
  readonly files: StoreFiles
  readonly dataDir: string
  readonly findings: Findings
}

/** Say what is wrong with the segments that are still to be sealed. */
export async function checkSegments(segments: readonly CheckedSegment[], { files, dataDir, findings }: LogCheck) {
  for (const { path: file, bytes, blocks, damagedBytes, tornBytes } of segments) {
    const path = relative(dataDir, file)
    if (blocks === 0) {
      await findings.add({
        severity: bytes === 0 ? 'note' : 'damage',
        path,
        message: bytes === 0 ? 'an empty segment' : `no block of its ${bytes} bytes is whole`,
        repair: bytes === 0 ? () => removed(files, file) : () => moveAside(files, file),
      })
      continue
    }
    if (damagedBytes > 0) {
      await findings.add({
        severity: 'damage',
        path,
        message: `${damagedBytes} bytes in the midst of it are no whole block; the ${blocks} others are read at the next start, and the file is kept as *.damaged then`,
      })
    }
    if (tornBytes > 0) {
      await findings.add({
        severity: 'note',
        path,
        message: `a torn block of ${tornBytes} bytes at its end, as a kill or a power cut leaves it`,
        repair: () => {
          files.truncate(file, bytes - tornBytes)
          return `cut to ${bytes - tornBytes} bytes`
        },
      })
    }
  }
}

/** Say what is wrong with the segments that are kept beside their sealed rows. */
export async function checkKept(segments: readonly CheckedSegment[], { files, dataDir, findings }: LogCheck) {
  for (const { path: file, damagedBytes, tornBytes } of segments) {
    if (damagedBytes + tornBytes === 0) continue
    await findings.add({
      severity: 'note',
      path: relative(dataDir, file),
      message: `${damagedBytes + tornBytes} bytes are no whole block; its rows are sealed`,
      repair: () => removed(files, file),
    })
  }
}

/** Put a file where nothing looks for it. */
export function moveAside(files: StoreFiles, path: string): string {
  files.rename(path, `${path}.damaged`)
  return 'moved aside as *.damaged'
}

export function removed(files: StoreFiles, path: string): string {
  files.remove(path)
  return 'removed'
}
