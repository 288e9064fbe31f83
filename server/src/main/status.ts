import type { LoginCounts } from '../auth/login-counts.ts'
import type { Health } from '../http/routes/operation.ts'
import type { Reception } from '../ingest/reception.ts'
import type { Labelled, LakeFigures, MetricSources } from '../metrics.ts'
import type { NodeStatus } from '../coordinator/node-status.ts'
import type { Store } from '../store/store.ts'
import type { Broker } from '../stream/broker.ts'
import type { StreamEndpoint } from '../stream/endpoint.ts'
import type { Subscription } from '../stream/subscription.ts'
import type { Relay } from '../trace/relay.ts'
import { VERSION } from '../version.ts'
import type { StoredSearch } from './stored-search.ts'
import type { Streams } from './streams.ts'

/** Where the figures of `/metrics`, `/health` and `/api/v4/stats` come from: one place, so that they agree. */
export interface StatusSources {
  readonly reception: Reception
  readonly streams: Streams
  readonly store: Store | undefined
  readonly stored: StoredSearch
  readonly relay: Relay | undefined
  readonly logins: LoginCounts
  /** Filled once the ports are open. */
  readonly endpoints: readonly StreamEndpoint[]
}

/** State for `/health`: degraded when something an operator should look at is going on. */
export function healthOf({ store, stored, streams }: StatusSources): Health {
  const problems: string[] = []
  const fault = store?.stats().lastError
  if (fault !== undefined) problems.push(`storage: ${fault}`)
  const notes: string[] = []
  const replayBytes = store?.stats().replayBytes ?? 0
  if (replayBytes > 0) notes.push(`storage: ${replayBytes} bytes of the log are being read back; searches miss them`)
  const nodes = streams.fanIn?.status()
  for (const { node, state, lastError } of nodes ?? []) {
    if (state === 'down') problems.push(`node ${node} is down: ${lastError}`)
  }
  for (const { name, reason } of stored.nodes?.counts.failures ?? []) {
    problems.push(`the last search missed rows of node ${name}: ${reason}`)
  }
  const status = problems.length === 0 ? 'ok' : 'degraded'
  return { status, version: VERSION, nodes: nodes?.length ?? 1, problems, notes }
}

export function metricSources(sources: StatusSources): MetricSources {
  const { reception, streams, store } = sources
  return {
    received: () => reception.counts.received,
    receivedBytes: () => reception.counts.receivedBytes,
    rejected: () => reception.counts.rejected,
    warned: () => reception.counts.warned,
    skipped: () => reception.counts.skipped,
    streamSkippedBytes: () => reception.counts.skippedBytes,
    callbackErrors: () => reception.counts.callbackErrors,
    ingestThreads: () => reception.threadCount,
    ingestThreadFailures: () => reception.failures.count,
    ingestLost: () => reception.failures.lostEvents,
    relayed: () => relayed(sources),
    relayDropped: () => relayDropped(sources),
    events: () => reception.counts.events,
    kernelDrops: () => kernelDrops(sources),
    connections: () => reception.listeners.reduce((sum, listener) => sum + listener.connectionCount, 0),
    subscribers: () => viewerCount(streams),
    streamSent: () => sumOf(streams, ({ counts }) => counts.sent),
    streamMatched: () => sumOf(streams, ({ counts }) => counts.matched),
    streamDropped: () => streamDrops(streams),
    streamPublished: () => sumOf(streams, ({ counts }) => counts.published),
    streamWaiting: () => sumOfViewers(sources, ({ waitingCount }) => waitingCount),
    streamBufferedBytes: () => sumOfViewers(sources, ({ bufferedBytes }) => bufferedBytes),
    streamOverload: () => sources.endpoints.reduce((sum, { overloadCount }) => sum + overloadCount, 0),
    ringEvents: () => sumOf(streams, ({ ring }) => ring.end - ring.start),
    ringBytes: () => sumOf(streams, ({ ring }) => ring.bytes),
    nodeUp: () => ofNodes(streams, ({ state }) => (state === 'connected' ? 1 : 0)),
    nodeLagSeconds: () => ofNodes(streams, ({ lagMs }) => (lagMs === undefined ? undefined : lagMs / 1000)),
    nodeEvents: () => ofNodes(streams, ({ events }) => events),
    nodeReconnects: () => ofNodes(streams, ({ reconnects }) => reconnects),
    nodeGapEvents: () =>
      ofNodes(streams, ({ gaps }) => Object.values(gaps).reduce<number>((sum, count) => sum + count, 0)),
    nodeBadFrames: () => ofNodes(streams, ({ badFrames }) => badFrames),
    nodeSearches: () => sources.stored.nodes?.counts.outcomes ?? {},
    nodeSearchSeconds: () => sources.stored.nodes?.counts.waitedSeconds ?? {},
    upstreamMissing: () => sumOf(streams, ({ continuity }) => continuity.missingCount),
    upstreamDoubles: () => sumOf(streams, ({ continuity }) => continuity.duplicateCount),
    reorderBlocks: () => streams.fanIn?.waitingBlocks ?? 0,
    reorderEarly: () => streams.fanIn?.earlyBlocks ?? 0,
    logins: () => sources.logins.all,
    storedRows: () => store?.stats().storedRows ?? 0,
    storeDropped: () => store?.stats().dropped ?? {},
    storeExpired: () => store?.stats().expiredRows ?? {},
    storeDiskBytes: () => diskBytes(store),
    lake: () => lakeFigures(store),
    storeQueueBytes: () => store?.stats().queueBytes ?? 0,
    storeQueueLimitBytes: () => store?.stats().queueLimitBytes ?? 0,
    storeReplayBytes: () => store?.stats().replayBytes ?? 0,
    storeCalls: () => store?.stats().calls ?? 0,
    storeCallRows: () => store?.stats().callRows ?? 0,
    storeCallSkippedRows: () => store?.stats().callSkippedRows ?? 0,
  }
}

/** The figures of the page's status line. */
export function statsOf(sources: StatusSources): object {
  const { reception, streams, store } = sources
  const { received, rejected, events, lastPacketMs } = reception.counts
  return {
    packetsReceived: received,
    rejected,
    kernelDrops: kernelDrops(sources),
    events,
    lastPacketMs,
    subscribers: viewerCount(streams),
    streamDropped: streamDrops(streams),
    ...(store !== undefined && { store: store.stats() }),
  }
}

function diskBytes(store: Store | undefined): Labelled {
  if (store === undefined) return {}
  const { logBytes, logKeptBytes, sealedBytes, lake } = store.stats()
  return { log: logBytes, kept: logKeptBytes, sealed: sealedBytes - (lake?.bytes ?? 0) }
}

function lakeFigures(store: Store | undefined): LakeFigures | undefined {
  const lake = store?.stats().lake
  if (lake === undefined) return undefined
  const { committedMs } = lake
  return { ...lake, ageSeconds: committedMs === undefined ? undefined : Math.max(0, Date.now() - committedMs) / 1000 }
}

function streamDrops(streams: Streams): Labelled {
  return {
    queue: sumOf(streams, ({ counts }) => counts.droppedQueue),
    rate: sumOf(streams, ({ counts }) => counts.droppedRate),
  }
}

function viewerCount(streams: Streams): number {
  return sumOf(streams, ({ subscriberCount }) => subscriberCount)
}

function sumOfViewers({ endpoints }: StatusSources, read: (subscription: Subscription) => number): number {
  const viewers = endpoints.flatMap((endpoint) => endpoint.viewers)
  return viewers.reduce((sum, { subscription }) => sum + read(subscription), 0)
}

function sumOf({ brokers }: Streams, read: (broker: Broker) => number): number {
  return brokers.reduce((sum, broker) => sum + read(broker), 0)
}

/** One figure of each remote node. */
function ofNodes({ fanIn }: Streams, read: (status: NodeStatus) => number | undefined): Labelled {
  const remote = fanIn?.status().filter(({ isLocal }) => !isLocal) ?? []
  return Object.fromEntries(
    remote.flatMap((status) => {
      const value = read(status)
      return value === undefined ? [] : [[status.node, value] as const]
    }),
  )
}

function kernelDrops({ reception }: StatusSources): Labelled {
  const drops: Record<string, number> = {}
  for (const { transport, host, port, kernelDropCount } of reception.listeners) {
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
