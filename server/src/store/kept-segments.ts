import { join } from 'node:path'
import { HEADER, HEADER_BYTES } from '@hepscope/shared/event/columns.ts'
import type { StoreFiles } from './files.ts'
import { type Segment, segmentNames } from './segment.ts'

export interface KeptOptions {
  readonly directory: string
  readonly files: StoreFiles
  /** Most bytes of all of them; 0 keeps none. */
  readonly maxBytes: number
  /** A file could not be moved or removed. */
  readonly onFault: (error: unknown) => void
}

/**
 * Segments of the log whose rows are sealed, kept for viewers who come back for what the ring has forgotten.
 *
 * They lie in a directory of their own, so that no start takes them for rows that are still to be sealed.
 */
export class KeptSegments {
  readonly #options: KeptOptions
  /** In the order of writing. */
  readonly #all: Segment[] = []
  #bytes = 0

  /** @throws if the directory cannot be made or read */
  constructor(options: KeptOptions) {
    this.#options = options
    const { directory, files } = options
    files.makeDirectory(directory)
    for (const name of segmentNames(files, directory)) {
      const path = join(directory, name)
      this.#add({ name, path, isReplay: true, bytes: files.size(path) ?? 0, isClosed: true, damagedBytes: 0 })
    }
    this.#trim()
  }

  get all(): readonly Segment[] {
    return this.#all
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Take a segment over from the log, file and all. @throws if the file can neither be moved nor removed */
  take(segment: Segment): void {
    const { directory, files, maxBytes } = this.#options
    if (segment.bytes > maxBytes) {
      files.remove(segment.path)
      return
    }
    const path = join(directory, segment.name)
    files.rename(segment.path, path)
    this.#add({ ...segment, path })
    this.#trim()
  }

  /** Remove the segments that were begun before a time, ms since 1970. */
  expire(beforeMs: number): void {
    for (const segment of this.#all.filter((kept) => this.#begunMs(kept) < beforeMs)) this.#remove(segment)
  }

  /** Remove all of them: the disk has no room for what is needed more. */
  clear(): void {
    for (const segment of [...this.#all]) this.#remove(segment)
  }

  #add(segment: Segment): void {
    this.#all.push(segment)
    this.#bytes += segment.bytes
  }

  #trim(): void {
    for (const segment of [...this.#all]) {
      if (this.#bytes <= this.#options.maxBytes) return
      this.#remove(segment)
    }
  }

  #remove(segment: Segment): void {
    try {
      this.#options.files.remove(segment.path)
    } catch (error) {
      this.#options.onFault(error)
      return
    }
    this.#all.splice(this.#all.indexOf(segment), 1)
    this.#bytes -= segment.bytes
  }

  /** When its first block was closed, ms since 1970; 0 if the file does not tell. */
  #begunMs({ path }: Segment): number {
    const { files, onFault } = this.#options
    const header = new Uint8Array(HEADER_BYTES)
    try {
      const fd = files.openRead(path)
      try {
        if (files.read(fd, header, 0) < HEADER_BYTES) return 0
      } finally {
        files.close(fd)
      }
    } catch (error) {
      onFault(error)
      return 0
    }
    return new DataView(header.buffer).getFloat64(HEADER.sealedUs, true) / 1000
  }
}
