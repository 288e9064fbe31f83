import { crc32 } from 'node:zlib'
import { type EventBlock, readBlock } from '@hepscope/shared/event/block.ts'
import { BLOCK_MAGIC, HEADER, HEADER_BYTES } from '@hepscope/shared/event/columns.ts'
import type { StoreFiles } from './files.ts'

/** One file of the block log: records back to back. */
export interface Segment {
  /** `<epoch>-<firstSeq>[-n].hsb` */
  readonly name: string
  readonly path: string
  /** Left by an earlier run. */
  readonly isReplay: boolean
  /** Where the last whole record ends. */
  bytes: number
  /** True when nothing more will be appended. */
  isClosed: boolean
  /** Bytes between records that could not be read; such a file is kept for a person to look at. */
  damagedBytes: number
}

export interface SegmentName {
  readonly epoch: number
  readonly firstSeq: number
  /** Set apart files that begin with the same event; 0 for the first. */
  readonly copy: number
}

const NAME = /^(\d+)-(\d+)(?:-(\d+))?\.hsb$/

export function formatSegmentName({ epoch, firstSeq, copy }: SegmentName): string {
  return copy === 0 ? `${epoch}-${firstSeq}.hsb` : `${epoch}-${firstSeq}-${copy}.hsb`
}

export function parseSegmentName(name: string): SegmentName | undefined {
  const parts = NAME.exec(name)
  if (parts === null) return undefined
  return { epoch: Number(parts[1]), firstSeq: Number(parts[2]), copy: Number(parts[3] ?? 0) }
}

/** Names of the segments in a directory, in the order of writing. @throws if the directory cannot be read */
export function segmentNames(files: StoreFiles, directory: string): string[] {
  return files
    .list(directory)
    .flatMap((name) => {
      const parts = parseSegmentName(name)
      return parts === undefined ? [] : [{ name, ...parts }]
    })
    .sort((a, b) => a.epoch - b.epoch || a.firstSeq - b.firstSeq || a.copy - b.copy)
    .map(({ name }) => name)
}

/** `HSE1`: opens the 16 bytes behind each block. */
const TRAILER_MAGIC = 0x31455348
export const TRAILER_BYTES = 16
/** Larger than any block that a writer seals: one of these in a header means that it is no header. */
const MAX_BLOCK_BYTES = 256 * 1024 * 1024

/** Bytes of the record of a block: the block, padded to eight, and its trailer. */
export function recordBytes(blockBytes: number): number {
  return paddedBytes(blockBytes) + TRAILER_BYTES
}

function paddedBytes(blockBytes: number): number {
  return (blockBytes + 7) & ~7
}

/**
 * What follows a block in a segment: up to 7 zeros, then magic, length of the block, CRC-32 of the block, zero.
 *
 * A block has no check sum of its own, and after a power cut a file may be long enough while some of its pages
 * were never written.
 */
export function recordTrailer(block: Uint8Array): Uint8Array {
  const padding = paddedBytes(block.length) - block.length
  const bytes = new Uint8Array(padding + TRAILER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(padding, TRAILER_MAGIC, true)
  view.setUint32(padding + 4, block.length, true)
  view.setUint32(padding + 8, crc32(block), true)
  return bytes
}

export type RecordResult =
  | { readonly ok: true; readonly block: EventBlock; readonly end: number }
  /** `skipTo`: where the next whole record begins, or undefined if there is none up to the end. */
  | { readonly ok: false; readonly skipTo: number | undefined }

export interface RecordHeader {
  readonly epoch: number
  readonly firstSeq: number
  /** Bytes of the block. */
  readonly length: number
  /** Where the next record begins. */
  readonly end: number
}

/** Reads the records of one segment file. */
export class SegmentReader {
  readonly segment: Segment
  readonly #files: StoreFiles
  readonly #fd: number

  /** @throws if the file cannot be opened */
  constructor(files: StoreFiles, segment: Segment) {
    this.segment = segment
    this.#files = files
    this.#fd = files.openRead(segment.path)
  }

  /**
   * Read the record at `offset`, which lies before `segment.bytes`.
   *
   * @throws if the file system fails; what the bytes say is never an exception
   */
  read(offset: number): RecordResult {
    const record = this.#recordAt(offset)
    return record ?? { ok: false, skipTo: this.#nextRecord(offset + 8) }
  }

  /** What the record at `offset` says of itself, unchecked but for its length; undefined if that cannot be. */
  header(offset: number): RecordHeader | undefined {
    const available = this.segment.bytes - offset
    if (available < HEADER_BYTES + TRAILER_BYTES) return undefined
    const header = new Uint8Array(HEADER_BYTES)
    if (this.#files.read(this.#fd, header, offset) < HEADER_BYTES) return undefined
    const view = new DataView(header.buffer)
    const length = view.getUint32(HEADER.byteLength, true)
    if (view.getUint32(HEADER.magic, true) !== BLOCK_MAGIC || length < HEADER_BYTES || length > MAX_BLOCK_BYTES)
      return undefined
    const size = recordBytes(length)
    if (size > available) return undefined
    const epoch = view.getFloat64(HEADER.epoch, true)
    return { epoch, firstSeq: view.getFloat64(HEADER.firstSeq, true), length, end: offset + size }
  }

  close(): void {
    this.#files.close(this.#fd)
  }

  #recordAt(offset: number): (RecordResult & { ok: true }) | undefined {
    const header = this.header(offset)
    if (header === undefined) return undefined
    const { length, end } = header
    const size = end - offset
    const bytes = new Uint8Array(size)
    if (this.#files.read(this.#fd, bytes, offset) < size || !isSealed(bytes, length)) return undefined
    const read = readBlock(bytes.subarray(0, length))
    return read.ok ? { ok: true, block: read.block, end } : undefined
  }

  /** Records begin at multiples of eight, so a damaged one does not hide those behind it. */
  #nextRecord(from: number): number | undefined {
    const rest = new Uint8Array(Math.max(0, this.segment.bytes - from))
    const length = this.#files.read(this.#fd, rest, from)
    const view = new DataView(rest.buffer, 0, length)
    for (let at = 0; at + HEADER_BYTES <= length; at += 8) {
      if (view.getUint32(at, true) === BLOCK_MAGIC && this.#recordAt(from + at) !== undefined) return from + at
    }
    return undefined
  }
}

function isSealed(record: Uint8Array, blockBytes: number): boolean {
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  const at = record.length - TRAILER_BYTES
  return (
    view.getUint32(at, true) === TRAILER_MAGIC &&
    view.getUint32(at + 4, true) === blockBytes &&
    view.getUint32(at + 8, true) === crc32(record.subarray(0, blockBytes))
  )
}
