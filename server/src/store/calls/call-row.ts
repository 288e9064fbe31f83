import { TRAITS } from '@hepscope/shared/call/problem.ts'
import { eventUuid } from '../event-uuid.ts'
import { type CallColumn, LIST_SEPARATOR } from './columns.ts'
import type { CallName, SeenCall } from './call-sight.ts'

/** One version of a call, as the columns of the hot table hold it; times and durations are whole microseconds. */
export type CallRow = Readonly<Record<CallColumn, string | number | boolean | null>>

/** Longer texts are cut: a row is to find a call by, and the messages have all of it. */
const MAX_TEXT = 256

/** @param joinedInto name of the call that this one turned out to be a leg of */
export function callRow({ call, sight }: SeenCall, version: number, joinedInto?: CallName): CallRow {
  const { name } = sight
  const { firstUs, endAtUs } = call
  return {
    uuid: uuidOf(name),
    timestamp: name.tsUs,
    session_id: cut(call.id),
    call_ids: listOf(call.legs.map((leg) => leg.callId)),
    kind: call.kind,
    state: call.state,
    state_class: call.stateClass,
    is_running: call.isRunning,
    status_code: call.statusCode,
    reason: cut(call.reason),
    codes: listOf(sight.codes),
    methods: listOf(sight.methods),
    caller: cut(call.fromUser),
    callee: cut(call.toUser),
    ruri_user: cut(call.ruriUser),
    from_host: cut(call.fromHost),
    to_host: cut(call.toHost),
    src_ip: sight.srcIp,
    src_port: sight.srcPort,
    dst_ip: sight.dstIp,
    dst_port: sight.dstPort,
    route: listOf(call.route),
    start_time: firstUs,
    ring_time: call.ringAtUs ?? null,
    answer_time: call.answerAtUs ?? null,
    end_time: endAtUs ?? null,
    last_time: call.lastUs,
    setup_us: call.postDialDelayUs ?? null,
    ring_us: call.ringUs ?? null,
    talk_us: call.talkUs ?? null,
    length_us: endAtUs === undefined ? null : Math.max(0, endAtUs - firstUs),
    response_us: call.responseTimeUs ?? null,
    hangup_side: call.hangupSide ?? null,
    message_count: call.messageCount,
    retransmission_count: call.retransmissionCount,
    duplicate_count: call.duplicateCount,
    leg_count: call.legs.length,
    evidence: listOf(call.evidence),
    traits: listOf(TRAIT_WORDS.filter((word) => TRAITS[word]?.holds(call))),
    challenge_count: call.challengeCount,
    transport: cut(call.transport),
    codec: cut(call.codec),
    uac: cut(call.userAgent),
    uas: cut(sight.uas),
    agent_ids: listOf(call.agentIds),
    agent_names: listOf(sight.agentNames),
    node: cut(name.node),
    epoch: name.epoch,
    seq: name.seq,
    last_epoch: sight.lastEpoch,
    last_seq: sight.lastSeq,
    nodes: listOf(sight.nodes),
    joined_into: joinedInto === undefined ? null : uuidOf(joinedInto),
    version,
  }
}

// SQL text has no NUL and no half of a pair; the other one stands between the entries of lists.
// eslint-disable-next-line no-control-regex
const UNFIT = /[\0\x1f\ud800-\udfff]/gu

const TRAIT_WORDS = Object.keys(TRAITS)

function uuidOf({ node, epoch, seq }: CallName): string {
  return eventUuid(node, epoch, seq)
}

function cut(text: string): string {
  const short = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) : text
  return short.replace(UNFIT, '\ufffd')
}

function listOf(entries: readonly (string | number)[]): string {
  return entries.map((entry) => (typeof entry === 'string' ? cut(entry) : entry)).join(LIST_SEPARATOR)
}
