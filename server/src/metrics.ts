import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

/** Values of one metric by label value. */
export type Labelled = Readonly<Record<string, number>>

/** A lake, as this server sees it. */
export interface LakeFigures {
  readonly isReachable: boolean
  readonly files: number
  readonly rows: number
  readonly bytes: number
  /** Since it last changed; undefined while that is not known. */
  readonly ageSeconds: number | undefined
}

/** What the metrics are read from, at each scrape. */
export interface MetricSources {
  readonly received: () => Labelled
  readonly receivedBytes: () => Labelled
  readonly rejected: () => Labelled
  readonly warned: () => Labelled
  readonly skipped: () => number
  readonly streamSkippedBytes: () => number
  readonly callbackErrors: () => number
  readonly ingestThreads: () => number
  readonly ingestThreadFailures: () => number
  readonly ingestLost: () => number
  readonly relayed: () => Labelled
  readonly relayDropped: () => Labelled
  readonly events: () => number
  readonly kernelDrops: () => Labelled
  readonly connections: () => number
  readonly subscribers: () => number
  readonly streamSent: () => number
  readonly streamMatched: () => number
  readonly streamDropped: () => Labelled
  readonly streamPublished: () => number
  readonly streamWaiting: () => number
  readonly streamBufferedBytes: () => number
  readonly streamOverload: () => number
  readonly ringEvents: () => number
  readonly ringBytes: () => number
  readonly nodeUp: () => Labelled
  readonly nodeLagSeconds: () => Labelled
  readonly nodeEvents: () => Labelled
  readonly nodeReconnects: () => Labelled
  readonly nodeGapEvents: () => Labelled
  readonly nodeBadFrames: () => Labelled
  /** By node, then by how it ended. */
  readonly nodeSearches: () => Readonly<Record<string, Labelled>>
  readonly nodeSearchSeconds: () => Labelled
  readonly upstreamMissing: () => number
  readonly upstreamDoubles: () => number
  readonly reorderBlocks: () => number
  readonly reorderEarly: () => number
  readonly logins: () => Labelled
  readonly storedRows: () => number
  readonly storeDropped: () => Labelled
  readonly storeExpired: () => Labelled
  readonly storeDiskBytes: () => Labelled
  /** undefined: there is none. */
  readonly lake: () => LakeFigures | undefined
  readonly storeQueueBytes: () => number
  readonly storeQueueLimitBytes: () => number
  readonly storeReplayBytes: () => number
  readonly storeCalls: () => number
  readonly storeCallRows: () => number
  readonly storeCallSkippedRows: () => number
}

/** All metrics of the process, in Prometheus' terms. Names that Homer's users scrape stand beside ours. */
export function createMetrics(sources: MetricSources): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'hepscope_' })

  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }
  const labelled = (name: string, help: string, label: string, read: () => Labelled): void => {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count)
      },
    })
  }
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  }

  const labelledGauge = (name: string, help: string, label: string, read: () => Labelled): void => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, figure] of Object.entries(read())) this.set({ [label]: value }, figure)
      },
    })
  }

  const lakeGauge = (name: string, help: string, read: (lake: LakeFigures) => number | undefined): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const lake = sources.lake()
        const value = lake === undefined ? undefined : read(lake)
        if (value === undefined) this.remove()
        else this.set(value)
      },
    })
  }

  labelled('hepscope_packets_received_total', 'HEP packets received', 'transport', sources.received)
  labelled('hepscope_bytes_received_total', 'Bytes of HEP packets received', 'transport', sources.receivedBytes)
  labelled('hepscope_packets_rejected_total', 'What arrived and was no HEP packet', 'reason', sources.rejected)
  labelled('hepscope_packets_warned_total', 'Events of which something was odd', 'warning', sources.warned)
  labelled(
    'hepscope_kernel_drops_total',
    'Datagrams that the kernel dropped before us',
    'listener',
    sources.kernelDrops,
  )
  counter('hepscope_packets_skipped_total', 'Packets that a callback stopped', sources.skipped)
  counter(
    'hepscope_stream_skipped_bytes_total',
    'Bytes of HEP connections that are no packet',
    sources.streamSkippedBytes,
  )
  counter('hepscope_callback_errors_total', 'Failures of HEP callbacks', sources.callbackErrors)
  gauge('hepscope_ingest_threads', 'Threads that receive; 0: the main thread does', sources.ingestThreads)
  counter(
    'hepscope_ingest_thread_failures_total',
    'Threads that receive and had to be started again',
    sources.ingestThreadFailures,
  )
  counter('hepscope_ingest_lost_total', 'Events that were lost with a thread that failed', sources.ingestLost)
  labelled('hepscope_relayed_total', 'Packets sent on by the relay', 'to', sources.relayed)
  labelled('hepscope_relay_dropped_total', 'Packets that the relay could not send', 'cause', sources.relayDropped)
  counter('hepscope_events_total', 'Packets that became events', sources.events)
  gauge('hepscope_connections', 'Open HEP connections', sources.connections)
  gauge('hepscope_stream_subscribers', 'Viewers of the live stream', sources.subscribers)
  counter('hepscope_stream_matched_total', 'Events that passed the filter of a viewer', sources.streamMatched)
  counter('hepscope_stream_sent_total', 'Events sent to viewers', sources.streamSent)
  labelled('hepscope_stream_dropped_total', 'Events that a viewer did not get', 'cause', sources.streamDropped)
  counter('hepscope_stream_published_total', 'Events that entered a stream', sources.streamPublished)
  gauge('hepscope_stream_waiting_events', 'Events that wait for slow viewers', sources.streamWaiting)
  gauge('hepscope_stream_buffered_bytes', 'Bytes that wait in the sockets of viewers', sources.streamBufferedBytes)
  counter('hepscope_stream_overload_total', 'Viewers that were ended as too slow for the load', sources.streamOverload)
  gauge('hepscope_stream_ring_events', 'Events in the ring', sources.ringEvents)
  gauge('hepscope_stream_ring_bytes', 'Bytes in the ring', sources.ringBytes)
  labelledGauge('hepscope_node_up', '1 while there is a connection to the node', 'node', sources.nodeUp)
  labelledGauge(
    'hepscope_node_lag_seconds',
    'How much later than at best its events come',
    'node',
    sources.nodeLagSeconds,
  )
  labelled('hepscope_node_events_total', 'Events received from the node', 'node', sources.nodeEvents)
  labelled('hepscope_node_reconnects_total', 'Connections after the first', 'node', sources.nodeReconnects)
  labelled('hepscope_node_gap_events_total', 'Events that the node could not give', 'node', sources.nodeGapEvents)
  labelled('hepscope_node_bad_frames_total', 'Frames that were skipped', 'node', sources.nodeBadFrames)
  new Counter({
    name: 'hepscope_node_searches_total',
    help: 'Searches that were asked of the node, by how it answered',
    labelNames: ['node', 'outcome'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [node, outcomes] of Object.entries(sources.nodeSearches())) {
        for (const [outcome, count] of Object.entries(outcomes)) this.inc({ node, outcome }, count)
      }
    },
  })
  labelled('hepscope_node_search_seconds_total', 'Time searches waited for it', 'node', sources.nodeSearchSeconds)
  counter('hepscope_stream_missing_total', 'Events that never came from their node', sources.upstreamMissing)
  counter('hepscope_stream_doubles_total', 'Events that came twice and were dropped', sources.upstreamDoubles)
  gauge('hepscope_reorder_blocks', 'Blocks that wait for older ones of other nodes', sources.reorderBlocks)
  counter('hepscope_reorder_early_total', 'Blocks that waited less, as too many did', sources.reorderEarly)
  labelled('hepscope_logins_total', 'Tries to log in, by how they ended', 'result', sources.logins)
  counter('hepscope_stored_rows_total', 'Rows that can be searched', sources.storedRows)
  labelled('hepscope_store_dropped_total', 'Events that were not stored', 'cause', sources.storeDropped)
  labelled('hepscope_store_expired_rows_total', 'Rows that retention has removed', 'cause', sources.storeExpired)
  labelledGauge('hepscope_store_disk_bytes', 'Bytes of what is stored', 'kind', sources.storeDiskBytes)
  lakeGauge('hepscope_lake_up', '1 while catalog and data can be reached', ({ isReachable }) => (isReachable ? 1 : 0))
  lakeGauge('hepscope_lake_files', 'Parquet files of the lake', ({ files }) => files)
  lakeGauge('hepscope_lake_rows', 'Events in the lake', ({ rows }) => rows)
  lakeGauge('hepscope_lake_bytes', 'Bytes of its files', ({ bytes }) => bytes)
  lakeGauge('hepscope_lake_commit_age_seconds', 'Time since the lake last changed', ({ ageSeconds }) => ageSeconds)
  gauge('hepscope_store_queue_bytes', 'Bytes on their way to the store', sources.storeQueueBytes)
  gauge('hepscope_store_queue_limit_bytes', 'Most of them', sources.storeQueueLimitBytes)
  gauge('hepscope_store_replay_bytes', 'Log of earlier runs that searches miss yet', sources.storeReplayBytes)
  gauge('hepscope_store_calls', 'Calls and other dialogs that the store follows', sources.storeCalls)
  counter('hepscope_store_call_rows_total', 'Rows written to the table of calls', sources.storeCallRows)
  counter(
    'hepscope_store_call_skipped_total',
    'Stored events of which no call knows, because they came too fast',
    sources.storeCallSkippedRows,
  )

  labelled('homer_hep_packets_received_total', 'As hepscope_packets_received_total', 'protocol', sources.received)
  counter('homer_hep_packets_processed_total', 'As hepscope_events_total', sources.events)
  labelled('homer_hep_packets_failed_total', 'As hepscope_packets_rejected_total', 'reason', sources.rejected)
  labelled('homer_bytes_received_total', 'As hepscope_bytes_received_total', 'protocol', sources.receivedBytes)
  gauge('homer_active_connections', 'As hepscope_connections', sources.connections)
  // Theirs count packets; what is scraped for is how full the queue is.
  gauge('homer_worker_queue_depth', 'As hepscope_store_queue_bytes', sources.storeQueueBytes)
  gauge('homer_worker_queue_capacity', 'As hepscope_store_queue_limit_bytes', sources.storeQueueLimitBytes)
  return registry
}
