import { TRAITS } from '@hepscope/shared/call/problem.ts'
import type { CallColumn } from './columns.ts'
import type { CallName, SeenCall } from './call-sight.ts'

/** What a row has in a column: a `CallName` stands for the UUID of that event. */
export type CallCell = string | number | boolean | CallName | readonly (string | number)[] | undefined

/** One version of a call, by the columns of the hot table; times and durations are whole microseconds. */
export type CallRow = Readonly<Record<CallColumn, CallCell>> & { readonly timestamp: number }

/** @param joinedInto name of the call that this one turned out to be a leg of */
export function callRow({ call, sight }: SeenCall, version: number, joinedInto?: CallName): CallRow {
  const { name } = sight
  const { firstUs, endAtUs, legs } = call
  return {
    uuid: name,
    timestamp: name.tsUs,
    session_id: call.id,
    call_ids: legs.map((leg) => leg.callId),
    kind: call.kind,
    state: call.state,
    state_class: call.stateClass,
    is_running: call.isRunning,
    status_code: call.statusCode,
    reason: call.reason,
    codes: sight.codes,
    methods: sight.methods,
    caller: call.fromUser,
    callee: call.toUser,
    ruri_user: call.ruriUser,
    from_host: call.fromHost,
    to_host: call.toHost,
    src_ip: sight.srcIp,
    src_port: sight.srcPort,
    dst_ip: sight.dstIp,
    dst_port: sight.dstPort,
    route: call.route,
    start_time: firstUs,
    ring_time: call.ringAtUs,
    answer_time: call.answerAtUs,
    end_time: endAtUs,
    last_time: call.lastUs,
    setup_us: call.postDialDelayUs,
    ring_us: call.ringUs,
    talk_us: call.talkUs,
    length_us: endAtUs === undefined ? undefined : Math.max(0, endAtUs - firstUs),
    response_us: call.responseTimeUs,
    hangup_side: call.hangupSide,
    message_count: call.messageCount,
    retransmission_count: call.retransmissionCount,
    duplicate_count: call.duplicateCount,
    leg_count: legs.length,
    evidence: call.evidence,
    traits: TRAIT_TESTS.filter(({ trait }) => trait.holds(call)).map(({ word }) => word),
    challenge_count: call.challengeCount,
    transport: call.transport,
    codec: call.codec,
    uac: call.userAgent,
    uas: sight.uas,
    agent_ids: call.agentIds,
    agent_names: sight.agentNames,
    node: name.node,
    epoch: name.epoch,
    seq: name.seq,
    last_epoch: sight.lastEpoch,
    last_seq: sight.lastSeq,
    nodes: sight.nodes,
    joined_into: joinedInto,
    version,
  }
}

const TRAIT_TESTS = Object.entries(TRAITS).map(([word, trait]) => ({ word, trait }))
