import type {
  CallRow,
  Counters,
  FigureUpdate,
  GapNotice,
  ListRow,
  OlderState,
  Statistics,
} from '../../worker/protocol.ts'
import { maskWords } from './mask-words.ts'
import type { Masker } from './masker.ts'

const MASKED = new WeakMap<Masker, WeakMap<CallRow, CallRow>>()

/** A row of the list; the same object for the same row, so that nothing is drawn anew. */
export function maskRow(row: CallRow, masker: Masker): CallRow {
  let known = MASKED.get(masker)
  if (known === undefined) MASKED.set(masker, (known = new WeakMap()))
  const masked = known.get(row) ?? makeRow(row, masker)
  known.set(row, masked)
  return masked
}

function makeRow(row: CallRow, masker: Masker): CallRow {
  return {
    ...row,
    id: masker.callId(row.id),
    legs: row.legs.map((id) => masker.callId(id)),
    from: masker.party(row.from),
    to: masker.party(row.to),
    route: row.route.map((one) => masker.endpoint(one)),
    source: masker.endpoint(row.source),
    destination: masker.endpoint(row.destination),
    reason: masker.text(row.reason),
    userAgent: masker.text(row.userAgent),
    nodes: row.nodes.map((name) => masker.name(name)),
    agents: row.agents.map((name) => masker.text(name)),
  }
}

export function maskListRow(row: ListRow, masker: Masker): ListRow {
  return row.type === 'call' ? maskRow(row, masker) : { ...row, gap: maskGap(row.gap, masker) }
}

export function maskFigures(update: FigureUpdate, masker: Masker): FigureUpdate {
  return { ...update, peers: update.peers.map((row) => ({ ...row, peer: masker.endpoint(row.peer) })) }
}

export function maskOlder(older: OlderState, masker: Masker): OlderState {
  return { ...older, remarks: older.remarks.map((remark) => maskWords(remark, masker)) }
}

export function maskStatistics(statistics: Statistics, masker: Masker): Statistics {
  const named = (tallies: Statistics['nodes']): Statistics['nodes'] =>
    tallies.map(({ name, count }) => ({ name: masker.name(name), count }))
  return { ...statistics, nodes: named(statistics.nodes), agents: named(statistics.agents) }
}

export function maskCounters(counters: Counters, masker: Masker): Counters {
  const { nodes, lastGap } = counters
  return {
    ...counters,
    nodes: nodes.map((name) => masker.name(name)),
    lastGap: lastGap === undefined ? undefined : maskGap(lastGap, masker),
  }
}

function maskGap(gap: GapNotice, masker: Masker): GapNotice {
  return { ...gap, node: masker.name(gap.node) }
}
