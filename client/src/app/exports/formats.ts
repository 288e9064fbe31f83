import type { ExportFormat } from '../../worker/call-export.ts'

/** What can be saved: the list, or messages of calls. */
export type SaveFormat = ExportFormat | 'csv'

/** How the messages of calls can be written. */
export interface FormatWords {
  readonly format: ExportFormat
  readonly name: string
  readonly about: string
  readonly extension: string
  readonly type: string
}

export const FORMATS: readonly FormatWords[] = [
  {
    format: 'pcap',
    name: 'PCAP',
    about: 'for Wireshark and sngrep: addresses, ports and microseconds',
    extension: 'pcap',
    type: 'application/vnd.tcpdump.pcap',
  },
  { format: 'text', name: 'Text', about: 'messages to read', extension: 'txt', type: 'text/plain' },
  { format: 'ndjson', name: 'NDJSON', about: 'a line of JSON each', extension: 'ndjson', type: 'application/x-ndjson' },
  {
    format: 'hep',
    name: 'HEP file',
    about: 'HEPv3 packets one behind the other, to be read here again or replayed',
    extension: 'hep',
    type: 'application/octet-stream',
  },
  {
    format: 'sipp',
    name: 'SIPp scenario',
    about: 'plays the caller; of one call',
    extension: 'xml',
    type: 'application/xml',
  },
]

/** A file name that every system takes: `hepscope_3c26700e@10.0.0.5.pcap`, or with a number of calls. */
export function exportName(callIds: readonly string[], extension: string): string {
  const [first = ''] = callIds
  const what = callIds.length > 1 ? `${callIds.length}_calls` : first.replace(/[^\w.@-]/g, '_').slice(0, 64) || 'call'
  return `hepscope_${what}.${extension}`
}

/** Of the list: with the moment at which it was written, UTC. */
export function listName(nowMs: number): string {
  return `hepscope_calls_${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_')}.csv`
}
