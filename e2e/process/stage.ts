import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, type ChildOptions } from './child.ts'

/** What one test has started, so that nothing outlives it. */
export class Stage {
  readonly #undo: (() => unknown)[] = []

  /** To be done at the end; what came last is undone first. */
  atEnd(undo: () => unknown): void {
    this.#undo.push(undo)
  }

  /** An empty directory that goes with the test. */
  directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'hepscope-e2e-'))
    this.atEnd(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  /** Run a program that ends with the test at the latest. */
  run(command: string, args: readonly string[], options: ChildOptions = {}): Child {
    const child = new Child(command, args, options)
    this.atEnd(async () => {
      if (child.status !== undefined) return
      child.send('SIGKILL')
      await child.exited
    })
    return child
  }

  async clear(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo()
  }
}
