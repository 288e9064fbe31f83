import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openEngine, type StoreEngine } from '../server/src/store/engine.ts'
import { measureQuestions } from './store/questions.ts'
import { judge, median, note, option } from './store/report.ts'
import { MESSAGES_PER_CALL, Traffic } from './store/traffic.ts'

/**
 * The store alone, without its thread: blocks that are ready in memory go into the log, into the hot tables, into
 * Parquet, and are asked for. Run it with nothing else on the machine.
 *
 * `--rows=N` (default 500,000), `--dir=PATH` for the data (default: the working directory's .cache). Questions to many
 * more rows: `npm run bench -- questions`.
 */
const ROWS = Number(option('rows', '500000'))
const DIRECTORY = option('dir', join(process.cwd(), '.cache'))
const START_US = 1_795_305_600_000_000
const STEP_US = 20
/** Each is measured so often: memory that the system has not handed out before is slow, and only the first time. */
const ROUNDS = 5
const BLOCKS_AT_ONCE = 8
const KEEP = { sealRows: 1e9, sealBytes: 1e15, logMaxBytes: 1e12, memoryLimit: '4GB' }

const traffic = new Traffic({ startUs: START_US, stepUs: STEP_US })
const blocks = traffic.next(ROWS)
const blockBytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
const rawBytes = traffic.payloadBytes / ROWS
console.log(
  `${ROWS} SIP messages of ${rawBytes.toFixed(0)} bytes on average, ${Math.ceil(ROWS / MESSAGES_PER_CALL)} Call-IDs, ` +
    `${blocks.length} blocks of ${(blockBytes / ROWS).toFixed(0)} bytes a row`,
)

await measureLog()
await measureSearchable()
await measureSealing()

interface Figures {
  readonly perSec: number
  readonly cpuUs: number
}

/** What a burst costs: appended as fast as the log takes it, in one go. */
async function measureLog(): Promise<void> {
  const rounds: Figures[] = []
  for (let i = 0; i < ROUNDS; i++) {
    await withEngine({ ...KEEP, insertDelayMs: 60_000 }, async (engine) => {
      rounds.push(
        await measured(() => {
          for (const block of blocks) engine.append(block)
        }),
      )
    })
  }
  const perSec = print('block log alone', rounds, 1_000_000)
  note('  bytes', `${((perSec * blockBytes) / ROWS / 1e6).toFixed(0)} MB/s`)
}

/** The store's own thread, nothing sealed: from the first append until the last row can be found. */
async function measureSearchable(): Promise<void> {
  const rounds: Figures[] = []
  const again: Figures[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const dataDir = newDirectory()
    const engine = await openEngine({ ...KEEP, dataDir, insertDelayMs: 0 })
    rounds.push(await measured(() => appendAll(engine)))
    await engine.close()
    const replayed = await openEngine({ ...KEEP, dataDir })
    again.push(await measured(() => searchable(replayed)))
    await replayed.close()
    rmSync(dataDir, { recursive: true })
  }
  print('log and hot tables, searchable', rounds, 250_000)
  print('read back at start', again)
}

/** As it is shipped: sealing goes on beside. */
async function measureSealing(): Promise<void> {
  const dataDir = newDirectory()
  const engine = await openEngine({ dataDir, logMaxBytes: 1e12 })
  print('with sealing, defaults', [await measured(() => appendAll(engine))])
  await engine.seal()
  const { sealedBytes, sealedFiles, sealedRows } = engine.stats()
  note(
    'on disk',
    `${(sealedBytes / sealedRows).toFixed(0)} bytes a message in ${sealedFiles} files, ${rawBytes.toFixed(0)} raw`,
  )
  await measureQuestions({ engine, dataDir, rows: ROWS, startUs: START_US, stepUs: STEP_US, writtenPerSec: 5000 })
  await engine.close()
  rmSync(dataDir, { recursive: true })
}

/** Append as the thread's port does, some blocks in one go, and wait until the last message can be found. */
async function appendAll(engine: StoreEngine): Promise<void> {
  for (let at = 0; at < blocks.length; at += BLOCKS_AT_ONCE) {
    for (const block of blocks.slice(at, at + BLOCKS_AT_ONCE)) engine.append(block)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await searchable(engine)
}

/** Calls may still be behind: they give way to messages. */
async function searchable(engine: StoreEngine): Promise<void> {
  for (;;) {
    const { storedRows, replayedRows } = engine.stats()
    if (storedRows + replayedRows >= ROWS) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function measured(action: () => unknown): Promise<Figures> {
  const before = process.cpuUsage()
  const startedMs = performance.now()
  await action()
  const ms = performance.now() - startedMs
  const { user, system } = process.cpuUsage(before)
  return { perSec: (ROWS / ms) * 1000, cpuUs: (user + system) / ROWS }
}

/** Print the median round; returns its rows a second. */
function print(name: string, rounds: readonly Figures[], target?: number): number {
  const perSec = median(rounds.map((round) => round.perSec))
  if (target === undefined) note(name, `${Math.round(perSec).toLocaleString('en')} rows/s`)
  else judge(name, perSec, 'rows/s', target, true)
  note('  processor time', `${median(rounds.map(({ cpuUs }) => cpuUs)).toFixed(2)} µs a row`)
  return perSec
}

async function withEngine(
  options: Omit<Parameters<typeof openEngine>[0], 'dataDir'>,
  action: (engine: StoreEngine) => Promise<void>,
): Promise<void> {
  const dataDir = newDirectory()
  const engine = await openEngine({ ...options, dataDir })
  await action(engine)
  await engine.close()
  rmSync(dataDir, { recursive: true })
}

function newDirectory(): string {
  return mkdtempSync(join(DIRECTORY, 'store-'))
}
