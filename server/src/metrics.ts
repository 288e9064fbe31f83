import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

/** Values of one metric by label value. */
export type Labelled = Readonly<Record<string, number>>

/** What the metrics are read from, at each scrape. */
export interface MetricSources {
  readonly received: () => Labelled
  readonly receivedBytes: () => Labelled
  readonly rejected: () => Labelled
  readonly skipped: () => number
  readonly relayed: () => Labelled
  readonly relayDropped: () => Labelled
  readonly events: () => number
  readonly kernelDrops: () => Labelled
  readonly connections: () => number
  readonly subscribers: () => number
  readonly streamSent: () => number
  readonly streamMatched: () => number
  readonly streamDropped: () => Labelled
  readonly ringEvents: () => number
  readonly ringBytes: () => number
  readonly storedRows: () => number
  readonly storeDropped: () => Labelled
  readonly storeQueueBytes: () => number
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

  labelled('hepscope_packets_received_total', 'HEP packets received', 'transport', sources.received)
  labelled('hepscope_bytes_received_total', 'Bytes of HEP packets received', 'transport', sources.receivedBytes)
  labelled('hepscope_packets_rejected_total', 'What arrived and was no HEP packet', 'reason', sources.rejected)
  labelled(
    'hepscope_kernel_drops_total',
    'Datagrams that the kernel dropped before us',
    'listener',
    sources.kernelDrops,
  )
  counter('hepscope_packets_skipped_total', 'Packets that a callback stopped', sources.skipped)
  labelled('hepscope_relayed_total', 'Packets sent on by the relay', 'to', sources.relayed)
  labelled('hepscope_relay_dropped_total', 'Packets that the relay could not send', 'cause', sources.relayDropped)
  counter('hepscope_events_total', 'Packets that became events', sources.events)
  gauge('hepscope_connections', 'Open HEP connections', sources.connections)
  gauge('hepscope_stream_subscribers', 'Viewers of the live stream', sources.subscribers)
  counter('hepscope_stream_matched_total', 'Events that passed the filter of a viewer', sources.streamMatched)
  counter('hepscope_stream_sent_total', 'Events sent to viewers', sources.streamSent)
  labelled('hepscope_stream_dropped_total', 'Events that a viewer did not get', 'cause', sources.streamDropped)
  gauge('hepscope_stream_ring_events', 'Events in the ring', sources.ringEvents)
  gauge('hepscope_stream_ring_bytes', 'Bytes in the ring', sources.ringBytes)
  counter('hepscope_stored_rows_total', 'Rows that can be searched', sources.storedRows)
  labelled('hepscope_store_dropped_total', 'Events that were not stored', 'cause', sources.storeDropped)
  gauge('hepscope_store_queue_bytes', 'Bytes on their way to the store', sources.storeQueueBytes)

  labelled('homer_hep_packets_received_total', 'As hepscope_packets_received_total', 'protocol', sources.received)
  counter('homer_hep_packets_processed_total', 'As hepscope_events_total', sources.events)
  labelled('homer_hep_packets_failed_total', 'As hepscope_packets_rejected_total', 'reason', sources.rejected)
  labelled('homer_bytes_received_total', 'As hepscope_bytes_received_total', 'protocol', sources.receivedBytes)
  gauge('homer_active_connections', 'As hepscope_connections', sources.connections)
  return registry
}
