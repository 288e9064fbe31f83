import { reportLine } from './stream/report.ts'
import { measureDelivery } from './stream/delivery.ts'
import { measureGroups } from './stream/groups.ts'
import { measureIngest } from './stream/ingest.ts'
import { serveViewers, VIEWER_ROLE, ViewerProcess } from './stream/viewer-process.ts'

const PARTS = { delivery: measureDelivery, groups: measureGroups, ingest: measureIngest }
const part = process.argv.find((arg) => arg.startsWith('--part='))?.slice('--part='.length)

/*
 * The live stream at its limits. The server is the real one: its endpoint, broker, ring and ingest on a real HTTP
 * server; the viewers are real sockets in another process, which takes frame from frame by their lengths and counts.
 * Run it with nothing else on the machine. `--part=delivery|groups|ingest` for one of its parts.
 */
if (process.argv.includes(VIEWER_ROLE)) serveViewers()
else {
  const viewers = new ViewerProcess()
  try {
    for (const [name, measure] of Object.entries(PARTS)) {
      if (part !== undefined && part !== name) continue
      const lines = await measure(viewers)
      for (const line of lines) console.log(reportLine(line))
      if (lines.some(({ isOk }) => isOk === false)) process.exitCode = 1
    }
  } finally {
    await viewers.end()
  }
}
