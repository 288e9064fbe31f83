import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { AccountError } from './account-error.ts'
import { writeFileAtomic } from './atomic-file.ts'

/** A small JSON file of the data directory that another process, e.g. the command line, may replace at any time. */
export class JsonFile<T> {
  readonly #path: string
  readonly #schema: z.ZodType<T>
  readonly #empty: T
  #content: T
  /** Tells one version of the file from the next; every write makes a new inode. */
  #version = ''

  /** @param empty what it holds while it is not there */
  constructor(path: string, schema: z.ZodType<T>, empty: T) {
    this.#path = path
    this.#schema = schema
    this.#empty = empty
    this.#content = empty
  }

  /**
   * What the file holds now; it is read only if it has changed.
   *
   * @throws AccountError `unreadable` if it is there and is not what it should be
   */
  read(): T {
    const stat = statSync(this.#path, { throwIfNoEntry: false })
    const version = stat === undefined ? '' : `${stat.ino}:${stat.mtimeMs}:${stat.size}`
    if (version !== this.#version) {
      this.#content = stat === undefined ? this.#empty : this.#parse()
      this.#version = version
    }
    return this.#content
  }

  write(content: T): void {
    // The command line may come before the first start of the server.
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
    writeFileAtomic(this.#path, `${JSON.stringify(content, undefined, 2)}\n`)
  }

  #parse(): T {
    try {
      return this.#schema.parse(JSON.parse(readFileSync(this.#path, 'utf8')))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new AccountError('unreadable', `${this.#path} is not what it should be: ${reason}`, { cause: error })
    }
  }
}
