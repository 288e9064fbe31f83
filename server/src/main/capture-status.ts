import type { AgentBook } from '../capture/agent-book.ts'
import type { CaptureStatus } from '../http/routes/capture.ts'
import { REJECT_EXPLANATIONS } from '../ingest/rejection.ts'
import type { StatusSources } from './status.ts'

/** State of everything between the wire and the screen: for the page that tells why nothing, or not all, is seen. */
export function captureStatus(
  { reception, streams, store, endpoints }: StatusSources,
  agents: AgentBook,
  own: { readonly node: string },
): CaptureStatus {
  const { received, rejected, warned, events, lastPacketMs } = reception.counts
  const timeMs = Date.now()
  const meanings: Readonly<Record<string, string>> = REJECT_EXPLANATIONS
  const local = {
    node: own.node,
    isLocal: true,
    state: 'connected',
    events,
    lagMs: 0,
    reconnects: 0,
    badFrames: 0,
    gaps: {},
  } as const
  const remote = streams.fanIn?.status().filter(({ isLocal }) => !isLocal) ?? []
  return {
    timeMs,
    listeners: reception.listeners.map(({ transport, host, port, connectionCount, kernelDropCount }) => ({
      transport,
      host,
      port,
      connections: connectionCount,
      ...(kernelDropCount !== undefined && { kernelDrops: kernelDropCount }),
    })),
    received,
    rejected: Object.fromEntries(
      Object.entries(rejected).map(([reason, count]) => [reason, { count, meaning: meanings[reason] ?? '' }]),
    ),
    warned,
    lastPacketMs,
    agents: agents.list(timeMs),
    nodes: [
      local,
      ...remote.map(({ node, isLocal, state, events, lagMs, reconnects, badFrames, gaps, lastError }) => ({
        node,
        isLocal,
        state,
        events,
        reconnects,
        badFrames,
        gaps: Object.fromEntries(Object.entries(gaps).map(([cause, count]) => [cause, count])),
        ...(lagMs !== undefined && { lagMs }),
        ...(lastError !== undefined && { lastError }),
      })),
    ],
    streams: endpoints.flatMap(({ path, broker, viewers }) => {
      if (broker === undefined) return []
      const { sent, droppedQueue, droppedRate } = broker.counts
      return [{ path, subscribers: viewers.length, sent, droppedQueue, droppedRate }]
    }),
    ...(store !== undefined && { store: { ...store.stats() } }),
  }
}
