import { join } from 'node:path'
import type { SealedFile } from './manifest.ts'
import type { TableName } from './schema.ts'
import { overlaps, type SealedStep, type SealedView } from './sealed-view.ts'
import type { TimeRange } from './search-request.ts'

/** Files of the first step of a search; each later one reads twice as many. */
const FIRST_STEP_FILES = 4

/** The rows in Parquet files of this machine. */
export function fileView(files: readonly SealedFile[], dataDir: string): SealedView {
  const found = (tables: readonly TableName[], time: TimeRange): SealedFile[] =>
    files
      .filter((file) => tables.includes(file.table) && overlaps(time, file.minTsUs, file.maxTsUs))
      .sort((a, b) => b.maxTsUs - a.maxTsUs)
  return {
    tables: [...new Set(files.map(({ table }) => table))],
    steps: (tables, time) => {
      const wanted = found(tables, time)
      const steps: SealedStep[] = []
      for (let at = 0, size = FIRST_STEP_FILES; at < wanted.length; at += size, size *= 2)
        steps.push(stepOf(wanted.slice(at, at + size), dataDir))
      return steps
    },
    all: (tables, time) => {
      const wanted = found(tables, time)
      return wanted.length === 0 ? [] : [stepOf(wanted, dataDir)]
    },
    files: (table) =>
      Promise.resolve(files.filter((file) => file.table === table).map(({ path }) => ({ path: join(dataDir, path) }))),
  }
}

/** @param files the newest first, at least one */
function stepOf(files: readonly SealedFile[], dataDir: string): SealedStep {
  const lists = new Map<TableName, string>()
  return {
    maxTsUs: files[0]?.maxTsUs ?? 0,
    place: 'files',
    from: (table, parameters) => {
      let list = lists.get(table)
      if (list === undefined) {
        const paths = files.filter((file) => file.table === table).map((file) => join(dataDir, file.path))
        list = paths.length === 0 ? '' : parameters.list(paths)
        lists.set(table, list)
      }
      return list === '' ? undefined : `read_parquet(${list}, union_by_name = true, hive_partitioning = false)`
    },
  }
}
