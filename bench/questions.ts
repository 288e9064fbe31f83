import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openEngine } from '../server/src/store/engine.ts'
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
 */
const ROWS = Number(option('rows', '10000000'))
const DIRECTORY = option('dir', join(process.cwd(), '.cache'))
const WRITTEN_PER_SEC = 5000
const START_US = 1_795_305_600_000_000
const DAY_US = 86_400_000_000
/** Rows between two waits for the store. */
const PIECE_ROWS = 65_536

const stepUs = Math.max(1, Math.floor(DAY_US / ROWS))
const dataDir = mkdtempSync(join(DIRECTORY, 'questions-'))
try {
  await measure()
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const engine = await openEngine({ dataDir, logMaxBytes: 1e12 })
  const traffic = new Traffic({ startUs: START_US, stepUs })
  const ms = await timedMs(async () => {
    while (traffic.rows < ROWS) {
      for (const block of traffic.next(Math.min(PIECE_ROWS, ROWS - traffic.rows))) engine.append(block)
      await engine.flush()
    }
    await engine.seal()
  })
  const { sealedRows, sealedBytes, sealedFiles } = engine.stats()
  note('stored and sealed', `${sealedRows} rows in ${(ms / 1000).toFixed(0)} s, ${sealedFiles} files`)
  const raw = (traffic.payloadBytes / traffic.rows).toFixed(0)
  note('on disk', `${(sealedBytes / sealedRows).toFixed(0)} bytes a message, ${raw} raw`)
  await measureQuestions({ engine, dataDir, rows: ROWS, startUs: START_US, stepUs, writtenPerSec: WRITTEN_PER_SEC })
  await engine.close()
}
