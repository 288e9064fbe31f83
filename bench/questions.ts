import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openEngine, type StoreEngine } from '../server/src/store/engine.ts'
import { measureQuestions } from './store/questions.ts'
import { note, option, timedMs } from './store/report.ts'
import { Traffic } from './store/traffic.ts'

/**
 * How long users wait for answers from a full store: messages spread over one day, sealed and merged as the store does
 * by itself, then asked for while others are written.
 *
 *     npm run bench -- questions --rows=10000000
 *
 * `--dir=PATH` for the data (default: the working directory's .cache): about 2 GB for ten million messages.
 * `--keep=PATH` fills that directory if it is empty, asks it as it is if not, and leaves it. Without its `sealed/*.ids` it
 * shows what lookups take where every file has to be read.
 */
const ROWS = Number(option('rows', '10000000'))
const DIRECTORY = option('dir', join(process.cwd(), '.cache'))
const KEPT = option('keep', '')
const WRITTEN_PER_SEC = 5000
const START_US = 1_795_305_600_000_000
const DAY_US = 86_400_000_000
/** Rows between two waits for the store. */
const PIECE_ROWS = 65_536

const stepUs = Math.max(1, Math.floor(DAY_US / ROWS))
const dataDir = KEPT === '' ? mkdtempSync(join(DIRECTORY, 'questions-')) : KEPT
const isFilled = existsSync(join(dataDir, 'sealed'))
try {
  await measure()
} finally {
  if (KEPT === '') rmSync(dataDir, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const engine = await openEngine({ dataDir, logMaxBytes: 1e12 })
  if (!isFilled) await fill(engine)
  // What an earlier run has written beside.
  await engine.flush()
  const { sealedRows, sealedBytes, sealedFiles } = engine.stats()
  note(
    'on disk',
    `${sealedRows} rows in ${sealedFiles} files, ${(sealedBytes / sealedRows).toFixed(0)} bytes a message`,
  )
  await measureQuestions({ engine, dataDir, rows: ROWS, startUs: START_US, stepUs, writtenPerSec: WRITTEN_PER_SEC })
  await engine.close()
}

async function fill(engine: StoreEngine): Promise<void> {
  const traffic = new Traffic({ startUs: START_US, stepUs })
  const ms = await timedMs(async () => {
    while (traffic.rows < ROWS) {
      for (const block of traffic.next(Math.min(PIECE_ROWS, ROWS - traffic.rows))) engine.append(block)
      await engine.flush()
    }
    await engine.seal()
  })
  const raw = (traffic.payloadBytes / traffic.rows).toFixed(0)
  note('stored and sealed', `${traffic.rows} rows of ${raw} bytes in ${(ms / 1000).toFixed(0)} s`)
}
