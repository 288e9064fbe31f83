import { describe, expect, it } from 'vitest'
import { DuckDBInstance } from '@duckdb/node-api'
import { Parameters } from '../../src/store/parameters.ts'

const COUNT_SEQS = 'SELECT count(DISTINCT seq) FROM (SELECT seq FROM t ORDER BY seq DESC, s)'

describe('a statement without values', () => {
  it('has none, so that it is planned in the step that runs it', () => {
    const parameters = new Parameters()
    parameters.text('not named')
    expect(parameters.statement(COUNT_SEQS)).toEqual({ sql: COUNT_SEQS })
  })

  it('would read wrong numbers if it were prepared before rows came: DuckDB trusts what it knew then', async () => {
    const database = await DuckDBInstance.create(':memory:')
    const [writer, reader] = [await database.connect(), await database.connect()]
    await writer.run(`CREATE TABLE t AS SELECT range AS seq, 'x' AS s FROM range(100)`)
    const prepared = await reader.prepare(COUNT_SEQS)
    await writer.run(`INSERT INTO t SELECT range, 'x' FROM range(100, 1000)`)
    const { sql, values, types } = new Parameters().statement(COUNT_SEQS)
    // Once the first is 1000 too, DuckDB is mended and `Statement` may be simpler.
    expect((await prepared.runAndReadAll()).getRows()).toEqual([[256n]])
    expect((await reader.runAndReadAll(sql, values, types)).getRows()).toEqual([[1000n]])
    reader.closeSync()
    writer.closeSync()
    database.closeSync()
  })
})
