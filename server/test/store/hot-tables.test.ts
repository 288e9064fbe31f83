import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { openDatabase } from '../../src/store/database.ts'
import { Generation } from '../../src/store/generation.ts'
import { HotTables } from '../../src/store/hot-tables.ts'
import { Blocks, EPOCH, NODE, packetOf, sipText, START_US } from './blocks.ts'
import { newDataDir } from './data-dir.ts'

describe('HotTables', () => {
  let database: DuckDBInstance
  let own: DuckDBConnection
  let other: DuckDBConnection
  let hot: HotTables
  const generation = () => new Generation(1)

  beforeEach(async () => {
    database = await openDatabase({ memoryLimit: '256MB', threads: 1, temporaryDirectory: newDataDir() })
    own = await database.connect()
    hot = new HotTables(own)
    other = await database.connect()
  })
  afterEach(() => {
    hot.release()
    // A database that is still open when its thread ends would end the process: it knows functions of the thread.
    own.closeSync()
    other.closeSync()
    database.closeSync()
  })

  async function seqsOf(table: string): Promise<number[]> {
    const reader = await other.runAndReadAll(`SELECT seq FROM ${table} ORDER BY seq`)
    return reader.getRows().map(([seq]) => Number(seq))
  }

  const callAndLog = (blocks: Blocks) => blocks.of(packetOf(sipText()), packetOf('x', { protocolType: 100 }))

  it('shows the rows of a transaction when it is committed, and counts them to the generation', async () => {
    const into = generation()
    const blocks = new Blocks()
    await hot.add(into, [blocks.invites(3)])
    await hot.add(into, [blocks.invites(2), callAndLog(blocks)])
    expect(hot.openRows).toBe(6)
    expect(hot.openTotalRows).toBe(7)
    expect(into.rows).toBe(0)
    await hot.commit()
    expect(hot.openRows).toBe(0)
    expect(await seqsOf('hot_1_hep_proto_1_call')).toEqual([1, 2, 3, 4, 5, 6])
    expect(into.rows).toBe(7)
    expect(into.ranges).toEqual([{ node: NODE, epoch: EPOCH, firstSeq: 1, lastSeq: 7 }])
    expect(
      [...into.tables.values()].map(({ table, rows, minTsUs, maxTsUs }) => ({ table, rows, minTsUs, maxTsUs })),
    ).toEqual([
      { table: 'hep_proto_1_call', rows: 6, minTsUs: START_US, maxTsUs: START_US + 2000 },
      { table: 'hep_proto_100_default', rows: 1, minTsUs: START_US, maxTsUs: START_US },
    ])
  })

  it('takes back what was added since the last commit', async () => {
    const into = generation()
    const blocks = new Blocks()
    await hot.add(into, [blocks.invites(2)])
    await hot.commit()
    const again = blocks.invites(3)
    await hot.add(into, [again])
    await hot.rollback()
    await hot.add(into, [again])
    await hot.commit()
    expect(await seqsOf('hot_1_hep_proto_1_call')).toEqual([1, 2, 3, 4, 5])
    expect(into.rows).toBe(5)
  })

  it('leaves no row behind when one of two tables fails, and takes the same blocks again', async () => {
    const into = generation()
    const blocks = new Blocks()
    await hot.add(into, [callAndLog(blocks)])
    await hot.commit()
    await other.run('DROP TABLE hot_1_hep_proto_100_default')
    const failing = callAndLog(blocks)
    await hot.add(into, [failing])
    await expect(hot.commit()).rejects.toThrow()
    await hot.rollback()
    expect(await seqsOf('hot_1_hep_proto_1_call')).toEqual([1])
    await hot.add(into, [failing])
    await hot.commit()
    expect(await seqsOf('hot_1_hep_proto_1_call')).toEqual([1, 3])
    expect(await seqsOf('hot_1_hep_proto_100_default')).toEqual([4])
  })
})
