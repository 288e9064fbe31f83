import { describe, expect, it } from 'vitest'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockLog } from '../../src/store/block-log.ts'
import { Catalog } from '../../src/store/catalog.ts'
import { nodeFiles } from '../../src/store/files.ts'
import { type HotWriter, Inserter } from '../../src/store/inserter.ts'
import { PendingBlocks } from '../../src/store/pending-blocks.ts'
import { Blocks } from './blocks.ts'
import { newDataDir } from './data-dir.ts'

/** A database that refuses blocks as it is told. */
class FakeHot implements HotWriter {
  readonly committed: number[] = []
  openRows = 0
  openTotalRows = 0
  refuse: (block: EventBlock) => string | undefined = () => undefined
  #open: number[] = []

  async add(_generation: unknown, blocks: readonly EventBlock[]): Promise<void> {
    for (const block of blocks) {
      const refusal = this.refuse(block)
      if (refusal !== undefined) throw new Error(refusal)
      this.#open.push(block.firstSeq)
      this.openRows += block.count
    }
  }

  async commit(): Promise<void> {
    this.committed.push(...this.#open)
    await this.rollback()
  }

  async rollback(): Promise<void> {
    this.#open = []
    this.openRows = 0
  }

  release(): void {}
}

interface Parts {
  readonly hot: FakeHot
  readonly inserter: Inserter
  readonly dropped: number[]
  readonly faults: string[]
  add(block: EventBlock): void
}

function start(): Parts {
  const hot = new FakeHot()
  const dropped: number[] = []
  const faults: string[] = []
  const log = new BlockLog({
    directory: newDataDir(),
    files: nodeFiles,
    segmentBytes: 5000,
    maxBytes: 1 << 30,
    isNameTaken: () => false,
    onFault: () => {},
    now: () => 0,
  })
  const pending = new PendingBlocks({ log, files: nodeFiles, memoryBytes: 4000, onDamage: () => {} })
  const inserter = new Inserter({
    pending,
    hot,
    catalog: new Catalog([], { onGenerationUnused: () => {}, onUnitUnused: () => {} }),
    delayMs: 1,
    isFull: () => false,
    onAdded: () => Promise.resolve(),
    onInserted: () => {},
    onDropped: (rows) => dropped.push(rows),
    onRotated: () => {},
    onFault: (cause, error) => faults.push(`${cause}: ${String(error)}`),
    onRecovered: () => {},
    now: Date.now,
  })
  const add = (block: EventBlock): void => {
    const logged = log.append(block)
    if (!logged.ok) throw new Error(logged.cause)
    pending.add(block, logged.segment, logged.offset, logged.end)
  }
  return { hot, inserter, dropped, faults, add }
}

describe('Inserter', () => {
  it('gives up a block that never goes in, counts it, and inserts all others once', async () => {
    const { hot, inserter, dropped, faults, add } = start()
    const blocks = new Blocks()
    hot.refuse = (block) => (block.firstSeq === 7 ? 'cannot' : undefined)
    for (let i = 0; i < 10; i++) add(blocks.invites(2))
    await inserter.drain()
    expect(hot.committed).toEqual([1, 3, 5, 9, 11, 13, 15, 17, 19])
    expect(dropped).toEqual([2])
    expect(new Set(faults)).toEqual(new Set(['insert: Error: cannot']))
    add(blocks.invites(1))
    await inserter.drain()
    expect(hot.committed.at(-1)).toBe(21)
    await inserter.close()
  })

  it('waits as long as memory is short, and then inserts everything once', async () => {
    const { hot, inserter, dropped, add } = start()
    const blocks = new Blocks()
    let refusals = 0
    hot.refuse = (block) => (block.firstSeq >= 5 && refusals++ < 7 ? 'Out of Memory Error: no room' : undefined)
    for (let i = 0; i < 5; i++) add(blocks.invites(2))
    await inserter.drain()
    expect(hot.committed).toEqual([1, 3, 5, 7, 9])
    expect(dropped).toEqual([])
    await inserter.close()
  }, 30_000)

  it('resolves drain at close, and leaves what is in the log alone', async () => {
    const { hot, inserter, dropped, add } = start()
    hot.refuse = () => 'Out of Memory Error'
    add(new Blocks().invites(1))
    const drained = inserter.drain()
    await inserter.close()
    await drained
    expect(hot.committed).toEqual([])
    expect(dropped).toEqual([])
  })
})
