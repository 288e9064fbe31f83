import type { StreamStatus } from '../http/routes/stream-status.ts'
import type { StreamEndpoint } from '../stream/endpoint.ts'
import type { Viewer } from '../stream/viewers.ts'
import type { Streams } from './streams.ts'

/** Who listens to the streams, what each of them got, and how the nodes fare. */
export function streamStatus(streams: Streams, endpoints: readonly StreamEndpoint[]): StreamStatus {
  return {
    streams: endpoints.flatMap(({ path, broker, viewers, overloadCount }, i) => {
      if (broker === undefined) return []
      const { published, ...counts } = broker.counts
      return [
        {
          path,
          published,
          ...countsOf(counts),
          ring: { events: broker.ring.end - broker.ring.start, bytes: broker.ring.bytes },
          positions: broker.continuity.positions,
          missing: broker.continuity.missingCount,
          doubles: broker.continuity.duplicateCount,
          overload: overloadCount,
          publishedN: published,
          droppedBackpressureN: counts.droppedQueue,
          droppedRateN: counts.droppedRate,
          subscribers: viewers.map((viewer) => subscriberOf(viewer, i)),
        },
      ]
    }),
    nodes: (streams.fanIn?.status() ?? []).map((node) => ({ ...node })),
  }
}

function subscriberOf(viewer: Viewer, endpoint: number): StreamStatus['streams'][number]['subscribers'][number] {
  const { id, remote, username, filter, format, withPayload, connectedMs, subscription } = viewer
  const { matchedCount, sentCount, droppedQueueCount, droppedRateCount, waitingCount, bufferedBytes } = subscription
  return {
    id: `${endpoint}-${id}`,
    remote,
    ...(username !== undefined && { user: username }),
    filter,
    format,
    payload: withPayload,
    connected_at: connectedMs,
    ...countsOf({
      matched: matchedCount,
      sent: sentCount,
      droppedQueue: droppedQueueCount,
      droppedRate: droppedRateCount,
    }),
    waiting: waitingCount,
    buffered_bytes: bufferedBytes,
  }
}

function countsOf(counts: { matched: number; sent: number; droppedQueue: number; droppedRate: number }) {
  const { matched, sent, droppedQueue, droppedRate } = counts
  return { matched, sent, dropped: { queue: droppedQueue, rate: droppedRate } }
}
