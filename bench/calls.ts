import { DuckDBInstance } from '@duckdb/node-api'
import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import { CallChunks, CHUNK_ROWS } from '../server/src/store/calls/call-chunk.ts'
import { CallModel } from '../server/src/store/calls/call-model.ts'
import { hotDefinition } from '../server/src/store/schema.ts'
import { callTraffic, MESSAGES_PER_CALL } from './calls/traffic.ts'
import { judge, median, note, option } from './store/report.ts'

/**
 * What it costs to follow calls, and to store a row of one, in CPU time of the whole process: collection of garbage is
 * in it. Run it with nothing else on the machine.
 *
 * `--calls=N` (default 20,000), `--max=N` calls that are kept (default three quarters of them, so that some are
 * forgotten for each that comes, as in a server that has run for a while).
 */
const CALLS = Number(option('calls', '20000'))
const MAX_CALLS = Number(option('max', String(Math.ceil(CALLS * 0.75))))
/** The first is not counted: the engine compiles meanwhile. */
const ROUNDS = 6
const TARGETS = { rowUs: 3, storedRowUs: 15 }

const { blocks, rows, payloadBytes } = callTraffic(CALLS)
console.log(
  `${CALLS} calls of ${MESSAGES_PER_CALL} messages of ${(payloadBytes / rows).toFixed(0)} bytes on average, ` +
    `${MAX_CALLS} of them kept; CPU time, middle of ${ROUNDS - 1} rounds\n`,
)

const chunks = new CallChunks()
const connection = await (await DuckDBInstance.create(':memory:')).connect()
await connection.run(`CREATE TABLE calls (${hotDefinition('calls')})`)
const appender = await connection.createAppender('calls')

const rounds = Array.from({ length: ROUNDS }, () => measureOnce()).slice(1)
const middle = (of: (round: Round) => number): number => median(rounds.map(of))
judge(
  'call model, a row',
  middle(({ trackerUs }) => trackerUs),
  'us',
  TARGETS.rowUs,
  false,
)
note('  with what the store notes beside', `${middle(({ modelUs }) => modelUs).toFixed(1)} us`)
judge(
  'stored row of a call, built',
  middle(({ builtUs }) => builtUs),
  'us',
  TARGETS.storedRowUs,
  false,
)
note('  taken by DuckDB', `${middle(({ takenUs }) => takenUs).toFixed(1)} us`)
connection.closeSync()

interface Round {
  readonly trackerUs: number
  readonly modelUs: number
  readonly builtUs: number
  readonly takenUs: number
}

function measureOnce(): Round {
  const tracker = new CallTracker({ maxCalls: MAX_CALLS })
  const trackerUs = cpuUs(() => {
    for (const block of blocks) for (let row = 0; row < block.count; row++) tracker.apply(block, row)
  })
  const model = new CallModel({ maxCalls: MAX_CALLS, now: Date.now })
  const modelUs = cpuUs(() => {
    for (const block of blocks) model.apply(block, 0, block.count)
  })
  const storedRows = model.changedCount
  let builtUs = 0
  let takenUs = 0
  while (model.changedCount > 0) {
    let chunk: ReturnType<typeof chunks.fill> | undefined
    builtUs += cpuUs(() => (chunk = chunks.fill(model.takeRows(CHUNK_ROWS))))
    takenUs += cpuUs(() => {
      if (chunk !== undefined) appender.appendDataChunk(chunk)
      appender.flushSync()
    })
  }
  return {
    trackerUs: trackerUs / rows,
    modelUs: modelUs / rows,
    builtUs: builtUs / storedRows,
    takenUs: takenUs / storedRows,
  }
}

/** CPU time of all threads of the process. */
function cpuUs(action: () => unknown): number {
  const from = process.cpuUsage()
  action()
  const { user, system } = process.cpuUsage(from)
  return user + system
}
