import { join } from 'node:path'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { type StorageFault, storageFault, type StoreFiles } from './files.ts'
import { formatSegmentName, recordBytes, recordTrailer, type Segment, segmentNames } from './segment.ts'

export interface BlockLogOptions {
  readonly directory: string
  readonly files: StoreFiles
  /** A segment is closed by the block that reaches this. */
  readonly segmentBytes: number
  /** Most bytes of all segments together. */
  readonly maxBytes: number
  /** Names of segments that were sealed: such a file is not the log's any more, and a new one takes another name. */
  readonly isNameTaken: (name: string) => boolean
  /** Takes a segment whose rows are elsewhere, file and all; without it the file is removed. */
  readonly keep?: (segment: Segment) => void
  readonly onFault: (cause: StorageFault, error: unknown) => void
  /** Clock, ms. */
  readonly now: () => number
}

/** Why a block was not written. Closed set: each is a metric label. */
export type LogRefusal = StorageFault | 'log-full'

export type Logged =
  | { readonly ok: true; readonly segment: Segment; readonly offset: number; readonly end: number }
  | { readonly ok: false; readonly cause: LogRefusal }

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 10_000

/**
 * The truth until it is sealed: blocks appended to segment files, each with a trailer (see `recordTrailer`).
 *
 * Never appends to a segment of an earlier run, nor behind a failed write: both may have a torn tail.
 */
export class BlockLog {
  /** In the order of writing. */
  readonly segments: Segment[] = []
  readonly #options: BlockLogOptions
  #open: { readonly segment: Segment; readonly fd: number } | undefined
  /** Closed for writing, still to be synced and closed. */
  #retired: number[] = []
  #isDirty = false
  #hasNewName = false
  #bytes = 0
  #retryAt = 0
  #retryMs = FIRST_RETRY_MS
  #fault: StorageFault | undefined
  #syncing: Promise<void> = Promise.resolve()

  /** @throws if the directory cannot be made or read */
  constructor(options: BlockLogOptions) {
    this.#options = options
    const { directory, files } = options
    files.makeDirectory(directory)
    for (const name of segmentNames(files, directory)) {
      if (options.isNameTaken(name)) continue
      const path = join(directory, name)
      const bytes = files.size(path) ?? 0
      this.segments.push({ name, path, isReplay: true, bytes, isClosed: true, damagedBytes: 0 })
      this.#bytes += bytes
    }
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#bytes
  }

  /** Append one block. Never throws: what the file system says becomes a refusal, retried with growing pauses. */
  append(block: EventBlock): Logged {
    const { files, now } = this.#options
    const size = recordBytes(block.bytes.length)
    if (this.#bytes + size > this.#options.maxBytes) return { ok: false, cause: 'log-full' }
    if (this.#fault !== undefined && now() < this.#retryAt) return { ok: false, cause: this.#fault }
    try {
      const { segment, fd } = (this.#open ??= this.#create(block))
      files.write(fd, block.bytes)
      files.write(fd, recordTrailer(block.bytes))
      const offset = segment.bytes
      segment.bytes += size
      this.#bytes += size
      this.#isDirty = true
      this.#fault = undefined
      this.#retryMs = FIRST_RETRY_MS
      if (segment.bytes >= this.#options.segmentBytes) this.roll()
      return { ok: true, segment, offset, end: offset + size }
    } catch (error) {
      return { ok: false, cause: this.#fail(error) }
    }
  }

  /** Close the open segment, so that the next block begins another. */
  roll(): void {
    if (this.#open === undefined) return
    this.#open.segment.isClosed = true
    this.#retired.push(this.#open.fd)
    this.#open = undefined
  }

  /** Wait until every block appended so far would survive a power cut. Faults go to `onFault`. */
  sync(): Promise<void> {
    this.#syncing = this.#syncing.then(() => this.#sync())
    return this.#syncing
  }

  /** Forget a segment whose rows are elsewhere, and let go of its file. A damaged one is renamed instead. */
  remove(segment: Segment): void {
    const { files, keep } = this.#options
    if (segment.damagedBytes > 0) files.rename(segment.path, `${segment.path}.damaged`)
    else if (keep === undefined) files.remove(segment.path)
    else keep(segment)
    const at = this.segments.indexOf(segment)
    if (at < 0) return
    this.segments.splice(at, 1)
    this.#bytes -= segment.bytes
  }

  /** Drop what lies behind the last whole record of a segment of an earlier run; returns how many bytes that were. */
  cut(segment: Segment, length: number): number {
    const torn = segment.bytes - length
    this.#options.files.truncate(segment.path, length)
    segment.bytes = length
    this.#bytes -= torn
    return torn
  }

  /** Sync and close. Blocks must not be appended any more. */
  async close(): Promise<void> {
    this.roll()
    await this.sync()
  }

  #create(block: EventBlock): { segment: Segment; fd: number } {
    const { directory, files, isNameTaken } = this.#options
    const taken = new Set(this.segments.map((segment) => segment.name))
    let copy = 0
    const nameOf = () => formatSegmentName({ epoch: block.epoch, firstSeq: block.firstSeq, copy })
    while (taken.has(nameOf()) || isNameTaken(nameOf())) copy++
    const name = nameOf()
    const path = join(directory, name)
    const fd = files.create(path)
    const segment: Segment = { name, path, isReplay: false, bytes: 0, isClosed: false, damagedBytes: 0 }
    this.segments.push(segment)
    this.#hasNewName = true
    return { segment, fd }
  }

  #fail(error: unknown): StorageFault {
    const { files, now, onFault } = this.#options
    const cause = storageFault(error)
    this.#fault = cause
    this.#retryAt = now() + this.#retryMs
    this.#retryMs = Math.min(LAST_RETRY_MS, 2 * this.#retryMs)
    if (this.#open !== undefined) {
      const { segment, fd } = this.#open
      try {
        files.truncateOpen(fd, segment.bytes)
      } catch {
        // The torn tail stays, so nothing may follow it; the next start finds and cuts it.
        this.roll()
      }
    }
    onFault(cause, error)
    return cause
  }

  async #sync(): Promise<void> {
    const { directory, files } = this.#options
    const retired = this.#retired.splice(0)
    const open = this.#isDirty ? this.#open : undefined
    this.#isDirty = false
    for (const fd of retired) {
      await this.#report(() => files.sync(fd))
      await this.#report(() => files.close(fd))
    }
    if (open !== undefined) await this.#report(() => files.sync(open.fd))
    if (this.#hasNewName) {
      this.#hasNewName = false
      await this.#report(() => files.syncPath(directory))
    }
  }

  async #report(action: () => Promise<void> | void): Promise<void> {
    try {
      await action()
    } catch (error) {
      // After a failed sync the kernel may have dropped the pages; nothing is gained by syncing the same file again.
      this.roll()
      this.#options.onFault(storageFault(error), error)
    }
  }
}
