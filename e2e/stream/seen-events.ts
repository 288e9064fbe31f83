import type { Stage } from '../process/stage.ts'
import type { Api } from '../server/api.ts'
import { watchBlocks } from './viewer.ts'

/** Events by their number, with their time in microseconds since 1970. */
export type EventsBySeq = ReadonlyMap<number, number>

/** Collect every event that a node has made known, from now on. Ends well when the server ends. */
export async function watchEvents(
  stage: Stage,
  nodeUrl: string,
): Promise<{ readonly seen: EventsBySeq; readonly ended: Promise<void> }> {
  const seen = new Map<number, number>()
  const socket = await watchBlocks(stage, `${nodeUrl}/stream?format=block`, (block) => {
    for (let row = 0; row < block.count; row++) seen.set(block.seq(row), block.tsUs[row] ?? 0)
  })
  return { seen, ended: new Promise((resolve) => socket.once('close', () => resolve())) }
}

/** Everything that can be searched: SIP, RTCP and log lines. */
export async function storedEvents(api: Api): Promise<{ readonly stored: EventsBySeq; readonly rowCount: number }> {
  const param = { limit: 50_000 }
  const rows = [
    ...(await api.search({ filter: { proto_type: 1, event_type: 'all' }, param })),
    ...(await api.search({ filter: { proto_type: 5, event_type: 'default' }, param })),
    ...(await api.search({ filter: { proto_type: 100, event_type: 'default' }, param })),
  ]
  return { stored: new Map(rows.map(({ seq, ts_us }) => [seq, ts_us])), rowCount: rows.length }
}
