import { spawn } from 'node:child_process'
import { raisePriority } from '../server/src/priority.ts'
import { type LoadResult, sendPacedStream } from './ingest/load.ts'
import { MeasuredServer } from './ingest/server.ts'
import { judge, note, option } from './store/report.ts'

/**
 * From TCP through the ring to disk: a real server with its store, as `npm start` runs it, and the sender in another
 * process on the same machine. Nothing may be lost.
 *
 *     npm run bench -- disk --rate=80000 --seconds=60
 */
const RATE = Number(option('rate', '80000'))
const SECONDS = Number(option('seconds', '60'))
const WORKERS = Number(option('workers', '0'))
const WARM_UP_SECONDS = 3
const MB = 1e6

const load = option('load', '')
if (load === '') await measure()
else await send(Number(load))

async function measure(): Promise<void> {
  const server = await MeasuredServer.start(WORKERS, true)
  try {
    await sendFromElsewhere(server.tcpPort, RATE / 5, WARM_UP_SECONDS)
    const before = await server.stored()
    const { sent, seconds, bytes } = await sendFromElsewhere(server.tcpPort, RATE, SECONDS)
    const atEnd = await server.settled()
    note('log when the last packet had come', `${(server.bytesBelow('log') / MB).toFixed(0)} MB`)
    note('searchable by then', `${atEnd.storedRows - before.storedRows} of ${sent}`)
    const startedMs = performance.now()
    const after = await server.stored()
    note('searchable, all of it, after', `${((performance.now() - startedMs) / 1000).toFixed(1)} s more`)
    const events = after.events - before.events
    const stored = after.storedRows - before.storedRows
    judge('sent', sent / seconds, 'packets/s', 0.99 * RATE, true)
    note('sent, bytes', `${(bytes / MB).toFixed(0)} MB`)
    judge('lost on the way to the ring', sent - events, 'packets', 0, false)
    judge('lost on the way to disk', events - stored, 'packets', 0, false)
    for (const [cause, count] of Object.entries(after.dropped)) note(`  dropped: ${cause}`, String(count))
    note('processor time', `${(((after.cpuSeconds - before.cpuSeconds) * 1e6) / sent).toFixed(2)} µs a packet`)
    note('on disk now', `${(server.bytesBelow('parquet') / MB).toFixed(0)} MB sealed`)
  } finally {
    await server.stop()
  }
}

/** Run this file again as the sender. */
async function sendFromElsewhere(port: number, rate: number, seconds: number): Promise<LoadResult> {
  const args = [process.argv[1] ?? '', `--load=${port}`, `--rate=${rate}`, `--seconds=${seconds}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`the sender ended with code ${code}`)
  return JSON.parse(text) as LoadResult
}

async function send(port: number): Promise<void> {
  // As the server's threads do: a sender that waits for a processor is no constant load.
  raisePriority('high')
  process.stdout.write(JSON.stringify(await sendPacedStream(port, RATE, SECONDS)))
}
