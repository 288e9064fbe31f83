import type { CallKind, Evidence } from '@hepscope/shared/call/call.ts'
import { PROBLEM_NAMES } from '@hepscope/shared/call/problem.ts'
import { type CallState, STATE_CLASS } from '@hepscope/shared/call/state.ts'
import { listOf, memberOf, numberOf, textOf } from '../app/http/request.ts'
import type { StoredRow } from '../app/http/row-stream.ts'
import { agentLabel } from './call-record.ts'
import type { ListEntry } from './list-entry.ts'
import type { CallRow } from './protocol.ts'

const KINDS: Readonly<Record<CallKind, true>> = {
  call: true,
  registration: true,
  subscription: true,
  options: true,
  message: true,
  other: true,
}
const EVIDENCE: Readonly<Record<Evidence, true>> = {
  'started-before-capture': true,
  'answer-not-seen': true,
  'ack-not-seen': true,
  'bye-not-seen': true,
  silent: true,
  'gap-inside': true,
}

/** A call as the store knows it. It has passed the filter there, and does not change here. */
export class StoredCall implements ListEntry {
  readonly key: number
  readonly kind: CallKind
  readonly isMatched = true
  isListed = false
  readonly #row: CallRow

  /**
   * @param row of `POST /transactions/calls`
   * @param key see `ListEntry`
   */
  constructor(row: StoredRow, key: number) {
    this.key = key
    this.#row = callRow(row, key)
    this.kind = this.#row.kind
  }

  /** Call-IDs of its legs. */
  get legs(): readonly string[] {
    return this.#row.legs
  }

  get startUs(): number {
    return this.#row.startUs
  }

  row(): CallRow {
    return this.#row
  }
}

function callRow(row: StoredRow, key: number): CallRow {
  const startUs = numberOf(row, 'start_time_us') || numberOf(row, 'ts_us')
  const endUs = numberOf(row, 'end_time_us') || numberOf(row, 'last_time_us')
  const state = stateOf(textOf(row, 'state'))
  const kind = kindOf(textOf(row, 'kind'))
  const isRunning = memberOf(row, 'is_running') === true
  const agentNames = textsOf(row, 'agent_names')
  const traits = textsOf(row, 'traits')
  const side = textOf(row, 'hangup_side')
  return {
    type: 'call',
    key,
    id: textOf(row, 'session_id'),
    kind,
    state,
    stateClass: STATE_CLASS[state],
    statusCode: numberOf(row, 'status_code'),
    reason: textOf(row, 'reason'),
    from: textOf(row, 'caller') || textOf(row, 'from_host'),
    to: textOf(row, 'callee') || textOf(row, 'ruri_user') || textOf(row, 'to_host'),
    route: textsOf(row, 'route'),
    startUs,
    startClockUs: startUs,
    setupUs: spanOf(row, kind === 'call' ? 'setup_us' : 'response_us'),
    lengthUs: isRunning ? undefined : (spanOf(row, 'length_us') ?? Math.max(0, endUs - startUs)),
    talkUs: spanOf(row, 'talk_us'),
    messageCount: numberOf(row, 'message_count'),
    legs: textsOf(row, 'call_ids'),
    evidence: textsOf(row, 'evidence').filter(isEvidence),
    method: textsOf(row, 'methods')[0] ?? '',
    source: endpointOf(row, 'src'),
    destination: endpointOf(row, 'dst'),
    ringUs: spanOf(row, 'ring_us'),
    repeatCount: numberOf(row, 'retransmission_count'),
    nodes: textsOf(row, 'nodes'),
    agents: listOf(row, 'agent_ids').map((id, i) => agentLabel(Number(id), agentNames[i] ?? '')),
    userAgent: textOf(row, 'uac'),
    transport: textOf(row, 'transport'),
    codec: textOf(row, 'codec'),
    hangupSide: side === 'caller' || side === 'callee' ? side : undefined,
    problems: PROBLEM_NAMES.filter((name) => traits.includes(name)),
  }
}

function stateOf(text: string): CallState {
  return isState(text) ? text : 'unknown'
}

function isState(text: string): text is CallState {
  return Object.hasOwn(STATE_CLASS, text)
}

function kindOf(text: string): CallKind {
  return isKind(text) ? text : 'other'
}

function isKind(text: string): text is CallKind {
  return Object.hasOwn(KINDS, text)
}

function isEvidence(text: string): text is Evidence {
  return Object.hasOwn(EVIDENCE, text)
}

function textsOf(row: StoredRow, name: string): string[] {
  return listOf(row, name).filter((value) => typeof value === 'string')
}

/** A length of time in microseconds; undefined where it did not happen. */
function spanOf(row: StoredRow, name: string): number | undefined {
  const value = memberOf(row, name)
  return value === null || value === undefined ? undefined : numberOf(row, name)
}

function endpointOf(row: StoredRow, end: 'src' | 'dst'): string {
  const ip = textOf(row, `${end}_ip`)
  if (ip === '') return ''
  return `${ip.includes(':') ? `[${ip}]` : ip}:${numberOf(row, `${end}_port`)}`
}
