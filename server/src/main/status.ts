import type { Health } from '../http/routes/operation.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { HepListener } from '../ingest/hep-listener.ts'
import type { Labelled, MetricSources } from '../metrics.ts'
import type { Store } from '../store/store.ts'
import type { Broker } from '../stream/broker.ts'
import type { Relay } from '../trace/relay.ts'
import { VERSION } from '../version.ts'

/** Where the figures of `/metrics`, `/health` and `/api/v4/stats` come from: one place, so that they agree. */
export interface StatusSources {
  readonly ingest: Ingest
  readonly broker: Broker | undefined
  readonly store: Store | undefined
  readonly listeners: readonly HepListener[]
  readonly relay: Relay | undefined
}

/** State for `/health`: degraded when something an operator should look at is going on. */
export function healthOf({ store }: StatusSources): Health {
  const problems: string[] = []
  const fault = store?.stats().lastError
  if (fault !== undefined) problems.push(`storage: ${fault}`)
  return { status: problems.length === 0 ? 'ok' : 'degraded', version: VERSION, problems }
}

export function metricSources(sources: StatusSources): MetricSources {
  const { ingest, broker, store } = sources
  return {
    received: () => ingest.receivedCount,
    receivedBytes: () => ingest.receivedBytes,
    rejected: () => Object.fromEntries(ingest.rejectedCount),
    skipped: () => ingest.skippedCount,
    relayed: () => relayed(sources),
    relayDropped: () => relayDropped(sources),
    events: () => ingest.eventCount,
    kernelDrops: () => kernelDrops(sources),
    connections: () => sources.listeners.reduce((sum, listener) => sum + listener.connectionCount, 0),
    subscribers: () => broker?.subscriberCount ?? 0,
    streamSent: () => broker?.counts.sent ?? 0,
    streamMatched: () => broker?.counts.matched ?? 0,
    streamDropped: () => streamDrops(broker),
    ringEvents: () => (broker === undefined ? 0 : broker.ring.end - broker.ring.start),
    ringBytes: () => broker?.ring.bytes ?? 0,
    storedRows: () => store?.stats().storedRows ?? 0,
    storeDropped: () => store?.stats().dropped ?? {},
    storeQueueBytes: () => store?.stats().queueBytes ?? 0,
  }
}

/** The figures of the page's status line. */
export function statsOf(sources: StatusSources): object {
  const { ingest, broker, store } = sources
  return {
    packetsReceived: ingest.receivedCount,
    rejected: Object.fromEntries(ingest.rejectedCount),
    kernelDrops: kernelDrops(sources),
    events: ingest.eventCount,
    lastPacketMs: ingest.lastPacketMs,
    subscribers: broker?.subscriberCount ?? 0,
    streamDropped: streamDrops(broker),
    ...(store !== undefined && { store: store.stats() }),
  }
}

function streamDrops(broker: Broker | undefined): Labelled {
  const counts = broker?.counts
  return { queue: counts?.droppedQueue ?? 0, rate: counts?.droppedRate ?? 0 }
}

function kernelDrops({ listeners }: StatusSources): Labelled {
  const drops: Record<string, number> = {}
  for (const { transport, host, port, kernelDropCount } of listeners) {
    if (kernelDropCount !== undefined) drops[`hep_${transport}:${host}:${port}`] = kernelDropCount
  }
  return drops
}

/** Frames that the system took, by destination. */
function relayed({ relay }: StatusSources): Labelled {
  return Object.fromEntries((relay?.destinations ?? []).map(({ id, counters }) => [id.name, counters.sentCount]))
}

/** What the relay did not send, by cause, over all destinations. */
function relayDropped({ relay }: StatusSources): Labelled {
  const sums: Record<string, number> = {}
  const add = (counts: Labelled): void => {
    for (const [cause, count] of Object.entries(counts)) sums[cause] = (sums[cause] ?? 0) + count
  }
  for (const { counters } of relay?.destinations ?? []) add(counters.dropped)
  for (const { refused } of relay?.counters ?? []) add(refused)
  return sums
}
