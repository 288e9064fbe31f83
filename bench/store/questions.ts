import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { StoreEngine } from '../../server/src/store/engine.ts'
import { judge, median, note, timedMs } from './report.ts'
import { callIdOf, MESSAGES_PER_CALL, Traffic, userOf } from './traffic.ts'

const ASKED = 11
const HOUR_MS = 3_600_000
const WRITE_MS = 20

export interface Questions {
  readonly engine: StoreEngine
  readonly dataDir: string
  /** Of the messages that are stored: how many, and the time of the first. */
  readonly rows: number
  readonly startUs: number
  readonly stepUs: number
  /** Written beside, packets a second. */
  readonly writtenPerSec: number
}

/** Ask what users ask, warm, while packets are being written; and ask the bare Parquet files the same. */
export async function measureQuestions(about: Questions): Promise<void> {
  const { engine, rows, startUs, stepUs, dataDir } = about
  // Calls from all over the stored time, so that no answer is the same files' twice.
  const callAt = (share: number): number => Math.floor((rows / MESSAGES_PER_CALL) * share)
  const calls = Array.from({ length: ASKED }, (_, i) => callAt((i + 0.5) / ASKED))
  const hourOf = (call: number): { from: number; to: number } => {
    const ms = Math.floor((startUs + call * MESSAGES_PER_CALL * stepUs) / 1000)
    return { from: ms - HOUR_MS / 2, to: ms + HOUR_MS / 2 }
  }
  const counts = 'SELECT method, response_code, count(*) AS n FROM hep_proto_1_call GROUP BY ALL'
  const stop = writeBeside(about)
  await askAll('a Call-ID, all its messages', calls, 50, MESSAGES_PER_CALL, (call) =>
    engine.messages({ session_id: callIdOf(call) }),
  )
  await askAll('a Call-ID, searched for', calls, 50, MESSAGES_PER_CALL, (call) =>
    engine.search({ filter: { call_id: callIdOf(call) } }),
  )
  await askAll('a user within an hour', calls, 200, MESSAGES_PER_CALL, (call) =>
    engine.search({ filter: { from_user: userOf(call) }, timestamp: hourOf(call) }),
  )
  await askAll('a day by method and code', calls, 1000, 4, () => engine.query({ sql: counts }))
  await stop()
  const { hotRows, sealedRows, sealedFiles } = engine.stats()
  note('stored at the end', `${hotRows} hot, ${sealedRows} sealed in ${sealedFiles} files`)

  const database = await DuckDBInstance.create(':memory:')
  const connection = await database.connect()
  const files = `read_parquet('${join(dataDir, 'parquet', 'hep_proto_1_call')}/**/*.parquet')`
  const bare = async (name: string, sqlOf: (call: number) => string): Promise<void> => {
    const times: number[] = []
    for (const call of [callAt(0.1), ...calls]) times.push(await timedMs(() => connection.runAndReadAll(sqlOf(call))))
    note(`bare files: ${name}`, `${median(times.slice(1)).toFixed(1)} ms`)
  }
  await bare('a Call-ID', (call) => `SELECT * FROM ${files} WHERE session_id = '${callIdOf(call)}'`)
  await bare('a user within an hour', (call) => {
    const { from, to } = hourOf(call)
    return `SELECT * FROM ${files} WHERE caller = '${userOf(call)}'
            AND timestamp BETWEEN make_timestamp(${from * 1000}) AND make_timestamp(${to * 1000})`
  })
  await bare('a day by method and code', () => `SELECT method, response_code, count(*) FROM ${files} GROUP BY ALL`)
  connection.closeSync()
  database.closeSync()
}

type Ask = (call: number) => Promise<{ readonly ok: boolean; readonly json?: Buffer }>

/** Ask once for each call after one to warm up; every answer must have rows. */
async function askAll(
  name: string,
  calls: readonly number[],
  targetMs: number,
  least: number,
  ask: Ask,
): Promise<void> {
  const times: number[] = []
  for (const call of [calls[0] ?? 0, ...calls]) {
    let found = 0
    const ms = await timedMs(async () => {
      const { json } = await ask(call)
      const body = JSON.parse(json?.toString() ?? '{}') as { readonly data?: { readonly items: readonly unknown[] } }
      found = body.data?.items.length ?? 0
    })
    if (found < least) throw new Error(`${name}: ${found} rows, at least ${least} expected`)
    times.push(ms)
  }
  const warm = times.slice(1)
  judge(name, median(warm), 'ms (median)', targetMs, false)
  note('', `${Math.min(...warm).toFixed(1)} to ${Math.max(...warm).toFixed(1)} ms`)
}

/** Write packets of now until the function that is returned is called. */
function writeBeside({ engine, writtenPerSec }: Questions): () => Promise<void> {
  const traffic = new Traffic({ startUs: Date.now() * 1000, stepUs: 0 })
  const startedMs = performance.now()
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) / 1000) * writtenPerSec) - traffic.rows
    for (const block of traffic.next(due, Date.now() * 1000)) engine.append(block)
  }, WRITE_MS)
  return async () => {
    clearInterval(timer)
    const seconds = (performance.now() - startedMs) / 1000
    note('written beside', `${Math.round(traffic.rows / seconds)} packets/s`)
    await engine.flush()
  }
}
