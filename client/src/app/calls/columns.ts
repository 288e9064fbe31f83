import type { CallRow, SortKey } from '../../worker/protocol.ts'
import { formatCount } from '../format/number.ts'
import {
  formatClock,
  formatDate,
  formatDuration,
  formatSeconds,
  formatStart,
  type Zone,
  zoneName,
} from '../format/time.ts'
import { evidenceText, stateLabel, stateTitle } from './state-label.ts'

/** A column is sorted by what it shows, so it has the same name. */
export type ColumnId = SortKey

/** What a cell needs beside its call. */
export interface CellContext {
  /** Server's clock. */
  readonly nowUs: number
  readonly zone: Zone
}

export interface Column {
  readonly id: ColumnId
  /** Of the head. */
  readonly name: string
  /** What it says, for the head's tooltip and the choice of columns. */
  readonly title: string
  /** Width below which it is of no use. */
  readonly minPx: number
  /** Share of the room that is left; 0 keeps it at its least width. */
  readonly grow: number
  readonly look?: 'number' | 'mono' | 'soft' | 'mono-number'
  readonly text: (row: CallRow, context: CellContext) => string
  /** More than fits into the cell; the text itself if absent. */
  readonly tip?: (row: CallRow, context: CellContext) => string
}

const seconds = (us: number | undefined): string => (us === undefined ? '' : formatSeconds(us))
const withoutUsualPort = (endpoint: string): string => endpoint.replace(/:5060$/, '')
const SIDES = { caller: 'caller', callee: 'callee' } as const

/** Every column there is, in the order in which they are offered. */
export const COLUMNS: readonly Column[] = [
  {
    id: 'arrival',
    name: '#',
    title: 'Order in which it was first heard of',
    minPx: 56,
    grow: 0,
    look: 'number',
    text: (row) => String(row.key),
  },
  {
    id: 'state',
    name: 'State',
    title: 'What has become of the call',
    minPx: 148,
    grow: 0,
    text: (row) => stateLabel(row).word,
    tip: stateTitle,
  },
  {
    id: 'method',
    name: 'Method',
    title: 'Method of its first request',
    minPx: 82,
    grow: 0,
    text: (row) => row.method,
  },
  { id: 'from', name: 'From', title: 'User of the From header', minPx: 96, grow: 1, text: (row) => row.from },
  { id: 'to', name: 'To', title: 'User of the To header', minPx: 96, grow: 1, text: (row) => row.to },
  {
    id: 'route',
    name: 'Route',
    title: 'Addresses in the order in which they were seen',
    minPx: 90,
    grow: 1.6,
    look: 'soft',
    text: (row) => row.route.map(withoutUsualPort).join(' → '),
    tip: (row) => row.route.join(' → '),
  },
  {
    id: 'source',
    name: 'Source',
    title: 'Address and port that sent its first message',
    minPx: 132,
    grow: 0,
    look: 'soft',
    text: (row) => row.source,
  },
  {
    id: 'destination',
    name: 'Destination',
    title: 'Address and port that got its first message',
    minPx: 132,
    grow: 0,
    look: 'soft',
    text: (row) => row.destination,
  },
  {
    id: 'code',
    name: 'Answer',
    title: 'Code and reason of the final answer that decided',
    minPx: 120,
    grow: 0.6,
    text: (row) => (row.statusCode === 0 ? '' : `${row.statusCode} ${row.reason}`.trim()),
  },
  {
    id: 'start',
    name: 'Start',
    title: 'First event',
    minPx: 104,
    grow: 0,
    look: 'mono-number',
    text: (row, { nowUs, zone }) => formatStart(row.startUs, nowUs / 1000, zone),
    tip: ({ startUs }, { zone }) =>
      `${formatDate(startUs, zone)} ${formatClock(startUs, zone, 6)} ${zoneName(zone, startUs)}`,
  },
  {
    id: 'setup',
    name: 'Setup',
    title: 'Seconds from the INVITE to the first sign of the other side (PDD); of other requests, to the answer',
    minPx: 54,
    grow: 0,
    look: 'number',
    text: (row) => seconds(row.setupUs),
  },
  {
    id: 'ring',
    name: 'Ring',
    title: 'Seconds from the first 18x to the answer or the end',
    minPx: 54,
    grow: 0,
    look: 'number',
    text: (row) => seconds(row.ringUs),
  },
  {
    id: 'talk',
    name: 'Talk',
    title: 'From the answer to the end',
    minPx: 54,
    grow: 0,
    look: 'number',
    text: (row) => (row.talkUs === undefined ? '' : formatDuration(row.talkUs)),
    tip: (row) => (row.talkUs === undefined ? '' : `${formatSeconds(row.talkUs)} s`),
  },
  {
    id: 'time',
    name: 'Time',
    title: 'From the first event to the end, or until now',
    minPx: 54,
    grow: 0,
    look: 'number',
    text: (row, { nowUs }) => formatDuration(row.lengthUs ?? Math.max(0, nowUs - row.startClockUs)),
  },
  {
    id: 'messages',
    name: 'Msgs',
    title: 'Messages, without repeats',
    minPx: 48,
    grow: 0,
    look: 'number',
    text: (row) => formatCount(row.messageCount),
  },
  {
    id: 'repeats',
    name: 'Rpts',
    title: 'Retransmissions',
    minPx: 48,
    grow: 0,
    look: 'number',
    text: (row) => (row.repeatCount === 0 ? '' : formatCount(row.repeatCount)),
  },
  {
    id: 'legs',
    name: 'Legs',
    title: 'Call-IDs that are one call',
    minPx: 44,
    grow: 0,
    look: 'number',
    text: (row) => String(row.legs.length),
    tip: (row) => row.legs.join('\n'),
  },
  {
    id: 'problems',
    name: 'Problems',
    title: 'What is wrong with it, in the words of the filter: is:…',
    minPx: 110,
    grow: 0.8,
    text: (row) => row.problems.join(', '),
  },
  {
    id: 'evidence',
    name: 'Not seen',
    title: 'What of it was not captured',
    minPx: 110,
    grow: 0.8,
    text: (row) => row.evidence.map((word) => word.replaceAll('-', ' ')).join(', '),
    tip: (row) => row.evidence.map(evidenceText).join('; '),
  },
  {
    id: 'hangup',
    name: 'Hung up',
    title: 'Who sent BYE or CANCEL',
    minPx: 62,
    grow: 0,
    text: (row) => (row.hangupSide === undefined ? '' : SIDES[row.hangupSide]),
  },
  {
    id: 'codec',
    name: 'Codec',
    title: 'First audio codec of the answer',
    minPx: 64,
    grow: 0,
    text: (row) => row.codec,
  },
  {
    id: 'transport',
    name: 'Over',
    title: 'What carried its first request: UDP, TCP, TLS, WS, WSS',
    minPx: 48,
    grow: 0,
    text: (row) => row.transport,
  },
  {
    id: 'ua',
    name: 'User agent',
    title: 'User-Agent of its first request',
    minPx: 110,
    grow: 0.8,
    look: 'soft',
    text: (row) => row.userAgent,
  },
  {
    id: 'callid',
    name: 'Call-ID',
    title: 'Call-ID of the leg that was seen first',
    minPx: 120,
    grow: 1,
    look: 'mono',
    text: (row) => row.id,
  },
  {
    id: 'node',
    name: 'Node',
    title: 'Nodes that captured it',
    minPx: 72,
    grow: 0,
    look: 'soft',
    text: (row) => row.nodes.join(', '),
  },
  {
    id: 'agent',
    name: 'Agent',
    title: 'Capture agents that sent it: id and name',
    minPx: 96,
    grow: 0,
    look: 'soft',
    text: (row) => row.agents.join(', '),
  },
]

export const USUAL_COLUMNS: readonly ColumnId[] = ['state', 'from', 'to', 'route', 'start', 'setup', 'time', 'messages']

const BY_ID: ReadonlyMap<string, Column> = new Map(COLUMNS.map((column) => [column.id, column]))

/** The column of a name; undefined if there is none. */
export function findColumn(id: string): Column | undefined {
  return BY_ID.get(id)
}
