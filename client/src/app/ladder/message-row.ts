import type { Analysis } from './analysis.ts'
import { reportHintOf, sdpHintOf } from './hint.ts'
import type { Item } from './item.ts'
import { foldLabel, isSip, labelOf, toneOf, toneOfCode, toneOfScore } from './label.ts'
import type { SdpHint } from './ladder-view.ts'
import { type MediaReport, mediaReportOf } from './media-report.ts'
import type { LadderMessage } from './message.ts'
import type { Fold, Hint, MessageRow } from './row.ts'
import { codecOf } from './sdp-story.ts'
import type { Transaction } from './transactions.ts'

/** Where a row stands, and what is known around it. */
export interface RowPlace {
  /** Lanes. */
  readonly from: number
  readonly to: number
  /** Since the row before. */
  readonly deltaUs: number
  readonly sdp: SdpHint
  readonly analysis: Analysis
}

const NO_MESSAGES: readonly LadderMessage[] = []

/** The row of one message; the one it had if nothing about it changed. */
export function messageRow(item: Item, place: RowPlace): MessageRow {
  const { message, retransmission, copies, leg, transaction } = item
  const { analysis, from, to, deltaUs } = place
  const report = mediaReportOf(message, isSip(message) ? undefined : codecOf(analysis.story, message))
  const row: MessageRow = {
    kind: 'message',
    key: message.key,
    tsUs: message.tsUs,
    message,
    fromLane: from,
    toLane: to,
    isSelf: from === to,
    label: labelOf(message, report),
    tone: report?.mos === undefined || isSip(message) ? toneOf(message) : toneOfScore(report.mos),
    deltaUs,
    retransmission,
    sinceFirstUs: item.sinceFirstUs,
    copies,
    copiesUs: (copies.at(-1)?.tsUs ?? message.tsUs) - message.tsUs,
    copyAfterUs: undefined,
    leg,
    fold: undefined,
    transactionKey: transaction === undefined || transaction.items.length < 2 ? '' : keyOf(transaction),
    arm: transaction && analysis.arms.get(transaction),
    hint: hintOf(message, report, place),
  }
  return settle(item, row)
}

/** The row of a folded transaction, which stands at its first message. */
export function foldedRow(transaction: Transaction<Item>, item: Item, place: RowPlace): MessageRow {
  const { items, request, final, latest, method } = transaction
  const kind = place.analysis.challenges.has(transaction) ? 'challenge' : 'transaction'
  const repeats = items.filter(({ retransmission }) => retransmission > 0).length
  const first = request ?? item
  const isAnswer = item.message.statusCode !== 0
  const row: MessageRow = {
    ...messageRow({ ...item, row: undefined, retransmission: 0, copies: NO_MESSAGES }, place),
    // Its request may come later by the clock of another probe; it is drawn from the one who asked all the same.
    fromLane: isAnswer ? place.to : place.from,
    toLane: isAnswer ? place.from : place.to,
    message: first.message,
    label: foldLabel(method, final?.message, latest?.message, kind),
    tone: final === undefined ? 'request' : toneOfCode(final.message.statusCode),
    hint: undefined,
    fold: { kind, count: items.length, repeats, lengthUs: final && final.message.tsUs - item.message.tsUs },
  }
  return settle(item, row)
}

/** The row of another sight of a sending, below it. */
export function copyRow(item: Item, copy: LadderMessage, place: RowPlace): MessageRow {
  const { agentId, agentName, tsUs, key } = copy
  return {
    ...messageRow({ ...item, row: undefined, copies: NO_MESSAGES, transaction: undefined }, place),
    key,
    tsUs,
    message: copy,
    label: `seen by agent ${agentId}${agentName === '' ? '' : ` ${agentName}`}`,
    deltaUs: tsUs - item.message.tsUs,
    copyAfterUs: tsUs - item.message.tsUs,
    hint: undefined,
  }
}

function keyOf({ items }: Transaction<Item>): string {
  return items[0]?.message.key ?? ''
}

function hintOf(
  message: LadderMessage,
  report: MediaReport | undefined,
  { analysis, sdp }: RowPlace,
): Hint | undefined {
  const fact = analysis.story.facts.get(message)
  if (fact !== undefined) return sdpHintOf(fact, sdp)
  return report && reportHintOf(report, isSip(message))
}

/** The row that the item had, if this one says the same. */
function settle(item: Item, row: MessageRow): MessageRow {
  const before = item.row
  if (before !== undefined && isSame(before, row)) return before
  item.row = row
  return row
}

function isSame(a: MessageRow, b: MessageRow): boolean {
  return (
    a.message === b.message &&
    a.label === b.label &&
    a.tsUs === b.tsUs &&
    a.deltaUs === b.deltaUs &&
    a.fromLane === b.fromLane &&
    a.toLane === b.toLane &&
    a.leg === b.leg &&
    a.tone === b.tone &&
    a.retransmission === b.retransmission &&
    a.sinceFirstUs === b.sinceFirstUs &&
    a.copies === b.copies &&
    a.transactionKey === b.transactionKey &&
    isSameFold(a.fold, b.fold) &&
    a.arm?.number === b.arm?.number &&
    a.arm?.count === b.arm?.count &&
    a.arm?.outcome === b.arm?.outcome &&
    a.hint?.text === b.hint?.text
  )
}

function isSameFold(a: Fold | undefined, b: Fold | undefined): boolean {
  return a?.kind === b?.kind && a?.count === b?.count && a?.repeats === b?.repeats && a?.lengthUs === b?.lengthUs
}
