import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import {
  firstBytesText,
  type RecordedPacket,
  readRecording,
  RecordingCounts,
  type RecordingFault,
  recordingFormat,
  type RecordingFormat,
} from '@hepscope/shared/pcap/recording.ts'

/** What one array of a browser holds for certain, and a tab beside everything else. */
const MAX_FILE_BYTES = 768 * 1024 * 1024
/** A block holds no more time than this: what is shown as of a moment is cut out of it. */
const BLOCK_US = 4_000_000
/** From so many events on, a block ends with its second, for rates are counted by second. */
const SECOND_ROWS = 8
/** As `replay` numbers SIP that is not in HEP. */
const AGENT_ID = 2001

/** A file that can be read. */
export interface CaptureFile {
  readonly name: string
  readonly format: RecordingFormat
  readonly bytes: Uint8Array
}

export type OpenedFile =
  | { readonly ok: true; readonly file: CaptureFile; readonly remark: string | undefined }
  | { readonly ok: false; readonly message: string }

/** Read a file of the browser's machine: pcap, pcapng or HEP, each also gzipped. The message of a failure is for people. */
export async function openCaptureFile(file: File): Promise<OpenedFile> {
  const { name } = file
  if (file.size > MAX_FILE_BYTES) return refused(`${name} is larger than ${megabytes(MAX_FILE_BYTES)}`)
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  const isGzip = start[0] === 0x1f && start[1] === 0x8b
  const inflated = isGzip ? await inflate(file) : { bytes: new Uint8Array(await file.arrayBuffer()), isCut: false }
  if (inflated === undefined) return refused(`${name} is not gzip after all, or damaged`)
  const { bytes, isCut } = inflated
  if (bytes.length === 0) return refused(`${name} is empty`)
  const format = recordingFormat(bytes)
  if (format === undefined) {
    return refused(`${name} is not pcap, pcapng or HEP: at byte 0 it has ${firstBytesText(bytes)}`)
  }
  const remark = isCut ? `${name} is cut off after ${megabytes(bytes.length)}` : undefined
  return { ok: true, file: { name, format, bytes }, remark }
}

/** Blocks of all packets of some files, as if one had captured them all; with remarks when it is through. */
export class CaptureBlocks {
  readonly remarks: string[] = []
  /** Bytes of the packets so far, and of the files. */
  doneBytes = 0
  readonly totalBytes: number
  readonly #files: readonly CaptureFile[]
  readonly #writer: BlockWriter
  #blockStartUs = 0
  #lastUs = 0
  #rejectedCount = 0

  constructor(files: readonly CaptureFile[]) {
    this.#files = files
    this.totalBytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const [first] = files
    const node = files.length === 1 && first !== undefined ? first.name : `${files.length} files`
    this.#writer = new BlockWriter({ node, epoch: 1 })
  }

  /** Yields undefined now and then, where nothing is ready yet. */
  *read(): Generator<EventBlock | undefined, void, void> {
    const counts = this.#files.map(() => new RecordingCounts())
    const sources = this.#files.map(({ format, bytes }, i) =>
      readRecording(format, bytes, { agentId: AGENT_ID }, counts[i] ?? new RecordingCounts()),
    )
    let packets = 0
    for (const packet of byTime(sources)) {
      yield* this.#append(packet)
      if (++packets % 256 === 0) yield undefined
    }
    yield* this.#seal()
    for (const [i, { name }] of this.#files.entries()) this.#remark(name, counts[i])
    if (this.#rejectedCount > 0) this.remarks.push(`${this.#rejectedCount} HEP packets are damaged and left out`)
  }

  *#append({ bytes, tsUs }: RecordedPacket): Generator<EventBlock, void, void> {
    const writer = this.#writer
    this.doneBytes += bytes.length
    const nowUs = tsUs ?? this.#lastUs
    if (writer.isFull || (writer.count > 0 && this.#isOver(nowUs))) yield* this.#seal()
    if (writer.count === 0) this.#blockStartUs = nowUs
    if (writer.append(bytes, nowUs) !== undefined) this.#rejectedCount++
    else this.#lastUs = Math.max(this.#lastUs, writer.lastFields.tsUs || nowUs)
  }

  #isOver(nowUs: number): boolean {
    if (Math.abs(nowUs - this.#blockStartUs) > BLOCK_US) return true
    const isOtherSecond = Math.floor(nowUs / 1_000_000) !== Math.floor(this.#blockStartUs / 1_000_000)
    return isOtherSecond && this.#writer.count >= SECOND_ROWS
  }

  *#seal(): Generator<EventBlock, void, void> {
    const block = this.#writer.seal(this.#lastUs)
    if (block !== undefined) yield block
  }

  #remark(name: string, counts: RecordingCounts | undefined): void {
    if (counts?.fault !== undefined) this.remarks.push(faultText(name, counts.fault))
    const skipped = [...(counts?.skipped ?? [])].filter(([reason]) => reason !== counts?.fault?.reason)
    if (skipped.length === 0) return
    const list = skipped.map(([reason, count]) => `${count} × ${reason.replaceAll('-', ' ')}`).join(', ')
    this.remarks.push(`${name}: passed over ${list}`)
  }
}

const FAULTS: Readonly<Record<RecordingFault['reason'], string>> = {
  'not-a-capture': 'is no capture file',
  truncated: 'ends in the middle of a record',
  'bad-record': 'has a length that cannot be, so that nothing behind it can be found',
  'bad-hep-stream': 'has something that is not HEP',
  unfinished: 'ends in the middle of a packet',
}

function faultText(name: string, { reason, offset }: RecordingFault): string {
  return `${name} ${FAULTS[reason]}, at byte ${offset.toLocaleString('en')}; what is before it is shown`
}

/** Packets of several sources, the earliest first; what has no time goes with what is before it. */
function* byTime(sources: readonly Iterator<RecordedPacket, void, void>[]): Generator<RecordedPacket, void, void> {
  const heads: { readonly source: Iterator<RecordedPacket, void, void>; packet: RecordedPacket; tsUs: number }[] = []
  for (const source of sources) {
    const next = source.next()
    if (next.done !== true) heads.push({ source, packet: next.value, tsUs: next.value.tsUs ?? 0 })
  }
  while (heads.length > 0) {
    let first = heads[0]
    for (const head of heads) if (first === undefined || head.tsUs < first.tsUs) first = head
    if (first === undefined) return
    yield first.packet
    const next = first.source.next()
    if (next.done === true) heads.splice(heads.indexOf(first), 1)
    else {
      first.packet = next.value
      first.tsUs = next.value.tsUs ?? first.tsUs
    }
  }
}

/** What a gzip file holds, as far as it goes; undefined if it holds nothing. */
async function inflate(file: File): Promise<{ readonly bytes: Uint8Array; readonly isCut: boolean } | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  let isCut = false
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value)
      length += next.value.length
      if (length <= MAX_FILE_BYTES) continue
      isCut = true
      await reader.cancel()
      break
    }
  } catch {
    // A file whose writer was killed gives what is there.
    if (length === 0) return undefined
    isCut = true
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, isCut }
}

function refused(message: string): OpenedFile {
  return { ok: false, message }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`
}
