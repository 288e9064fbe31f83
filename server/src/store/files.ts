import {
  closeSync,
  existsSync,
  fdatasync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'

const fsyncAsync = promisify(fsync)
const fdatasyncAsync = promisify(fdatasync)

/**
 * What the store does to the file system, apart from DuckDB's own reading and writing of Parquet.
 * Every method throws Node's `ErrnoException`. Tests put faults behind it.
 */
export interface StoreFiles {
  makeDirectory(path: string): void
  /** Names in a directory; empty if it is not there. */
  list(path: string): string[]
  /** Bytes of a file, or undefined if there is none. */
  size(path: string): number | undefined
  /** Open a file that must not exist yet; writes go to its end. */
  create(path: string): number
  openRead(path: string): number
  /** Write all of `bytes`, or throw after a part of them. */
  write(fd: number, bytes: Uint8Array): void
  /** Fill `into` from a file position; returns fewer bytes only at the end of the file. */
  read(fd: number, into: Uint8Array, position: number): number
  truncateOpen(fd: number, length: number): void
  truncate(path: string, length: number): void
  /** Wait until what was written to an open file would survive a power cut. */
  sync(fd: number): Promise<void>
  /** The same for a closed file, or for the names in a directory. */
  syncPath(path: string): Promise<void>
  close(fd: number): void
  rename(from: string, to: string): void
  /** Remove a file; one that is not there is no fault. */
  remove(path: string): void
  removeDirectory(path: string): void
  readText(path: string): string
  /** Read a part of a file without holding the thread. Rejects if the file is shorter. */
  readPart(path: string, position: number, length: number): Promise<Uint8Array<ArrayBuffer>>
}

/** The real file system. Synchronous but for syncing, because the store has a thread of its own. */
export const nodeFiles: StoreFiles = {
  makeDirectory: (path) => {
    mkdirSync(path, { recursive: true })
  },
  list: (path) => (existsSync(path) ? readdirSync(path) : []),
  size: (path) => statSync(path, { throwIfNoEntry: false })?.size,
  create: (path) => openSync(path, 'ax'),
  openRead: (path) => openSync(path, 'r'),
  write: (fd, bytes) => {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
  },
  read: (fd, into, position) => {
    let at = 0
    while (at < into.length) {
      const count = readSync(fd, into, at, into.length - at, position + at)
      if (count === 0) break
      at += count
    }
    return at
  },
  truncateOpen: (fd, length) => ftruncateSync(fd, length),
  truncate: (path, length) => truncateSync(path, length),
  sync: (fd) => fdatasyncAsync(fd),
  syncPath: async (path) => {
    const fd = openSync(path, 'r')
    try {
      await fsyncAsync(fd)
    } finally {
      closeSync(fd)
    }
  },
  close: (fd) => closeSync(fd),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
  removeDirectory: (path) => rmSync(path, { force: true, recursive: true }),
  readText: (path) => readFileSync(path, 'utf8'),
  readPart: async (path, position, length) => {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, position)
      if (bytesRead < length) throw new Error(`${path}: ${bytesRead} bytes at ${position} instead of ${length}`)
      return buffer
    } finally {
      await file.close()
    }
  },
}

/** Causes of a storage fault that are counted apart. Closed set: each is a metric label. */
export type StorageFault = 'disk-full' | 'io-error'

/** Class of a file system error. */
export function storageFault(error: unknown): StorageFault {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'io-error'
}
