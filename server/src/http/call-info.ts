import { CallTracker } from '@hepscope/shared/call/tracker.ts'
import type { Leg } from '@hepscope/shared/call/call.ts'
import type { CallState } from '@hepscope/shared/call/state.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { sdpOfMessage } from '@hepscope/shared/sip/sdp.ts'
import { z } from 'zod'
import { messageOf, type StoredRow } from './stored-rows.ts'

const seconds = z.number().nullable()
const milliseconds = z.number().nullable()

/** What is known of one Call-ID; times that did not happen are `null`. */
export const callInfo = z.object({
  session_id: z.string(),
  caller: z.string(),
  callee: z.string(),
  from_party: z.string(),
  ruri_party: z.string(),
  uac: z.string().describe('User-Agent of the side that called'),
  uas: z.string().describe('User-Agent of the side that was called'),
  codecs: z.array(z.string()).describe('Of the newest session description that was answered, else offered'),
  status: z.string(),
  state: z.string().describe('The same in words of the live list'),
  status_code: z.int(),
  last_bad_reply: z.string().describe('Code and reason of the newest answer from 400 up'),
  message_count: z.int(),
  source: z.string(),
  destination: z.string(),
  ringing_seconds: seconds,
  call_duration_seconds: seconds.describe('From answer to end'),
  session_duration_seconds: seconds.describe('From the first message to the last'),
  session_request_delay_ms: milliseconds.describe('INVITE to the first sign of life (RFC 6076 SRD)'),
  session_setup_delay_ms: milliseconds.describe('INVITE to the answer'),
  failed_session_setup_delay_ms: milliseconds.describe('INVITE to the answer that refused'),
  session_disconnect_delay_ms: milliseconds.describe('BYE to its answer (RFC 6076 SDD)'),
  hangup_side: z.enum(['caller', 'callee']).nullable(),
  evidence: z.array(z.string()).readonly(),
  first_seen: z.int().describe('Milliseconds since 1970'),
  last_seen: z.int(),
  methods_distribution: z.array(z.object({ method: z.string().describe('Or code'), count: z.int() })),
})
export type CallInfo = z.infer<typeof callInfo>

const STATUS: Readonly<Partial<Record<CallState, string>>> = {
  setup: 'Invite',
  auth: 'Unauth',
  'auth-failed': 'Unauth',
  early: '183 Early',
  ringing: 'Ringing',
  queued: 'Ringing',
  'in-call': 'Connected',
  forwarding: 'Forwarded',
  diverted: 'Forwarded',
  busy: 'Busy',
  ended: 'Finished',
  cancelled: 'Cancelled',
  timeout: 'Timeout',
  'no-answer': 'Timeout',
  unknown: 'Unknown',
}

/**
 * What the stored messages say of each Call-ID among them, in order of first appearance.
 *
 * State, ringing and talking are those of the model that the live list has: the messages go through it once more.
 *
 * @param rows SIP, in order of time
 */
export function callInfos(rows: readonly StoredRow[]): CallInfo[] {
  const byCall = new Map<string, StoredRow[]>()
  for (const row of rows) {
    const own = byCall.get(row.session_id)
    if (own === undefined) byCall.set(row.session_id, [row])
    else own.push(row)
  }
  const tracker = trackerOf(rows)
  return [...byCall].flatMap(([callId, own]) => {
    const leg = tracker.find(callId)?.legs.find((one) => one.callId === callId)
    return leg === undefined ? [] : [callInfoOf(leg, own)]
  })
}

function callInfoOf(leg: Leg, rows: readonly StoredRow[]): CallInfo {
  const first = rows.find(isRequest) ?? rows[0]
  const firstUs = rows[0]?.ts_us ?? 0
  const lastUs = rows.at(-1)?.ts_us ?? 0
  const bad = rows.findLast(({ response_code }) => Number(response_code) >= 400)
  const isOfCaller = (row: StoredRow): boolean => row.src_ip === first?.src_ip && row.src_port === first.src_port
  return {
    session_id: leg.callId,
    caller: leg.fromUser,
    callee: leg.toUser,
    from_party: partyOf(leg.fromUser, leg.fromHost),
    ruri_party: leg.ruriUser,
    uac: agentOf(rows.filter(isOfCaller)),
    uas: agentOf(rows.filter((row) => !isOfCaller(row))),
    codecs: codecsOf(rows),
    status: statusOf(leg),
    state: leg.state,
    status_code: leg.statusCode,
    last_bad_reply: bad === undefined ? '' : `${bad.response_code} ${bad.reason ?? ''}`.trimEnd(),
    message_count: rows.length,
    source: first === undefined ? '' : endpoint(first.src_ip, first.src_port),
    destination: first === undefined ? '' : endpoint(first.dst_ip, first.dst_port),
    ringing_seconds: inSeconds(leg.ringUs),
    call_duration_seconds: inSeconds(leg.talkUs),
    session_duration_seconds: inSeconds(lastUs - firstUs),
    ...delaysOf(leg, rows),
    hangup_side: leg.hangupSide ?? null,
    evidence: leg.evidence,
    first_seen: Math.floor(firstUs / 1000),
    last_seen: Math.floor(lastUs / 1000),
    methods_distribution: distributionOf(rows),
  }
}

/** @see RFC 6076 sections 4.2 to 4.4 */
function delaysOf({ postDialDelayUs, answerAtUs, statusCode, endAtUs }: Leg, rows: readonly StoredRow[]) {
  const inviteUs = rows.find(({ method }) => method === 'INVITE')?.ts_us
  const byeUs = rows.find(({ method }) => method === 'BYE')?.ts_us
  const byeAnswerUs = rows.find((row) => row.cseq_method === 'BYE' && Number(row.response_code) >= 200)?.ts_us
  const isRefused = inviteUs !== undefined && answerAtUs === undefined && statusCode >= 300
  return {
    session_request_delay_ms: inMilliseconds(postDialDelayUs),
    session_setup_delay_ms: between(inviteUs, answerAtUs),
    failed_session_setup_delay_ms: isRefused ? between(inviteUs, endAtUs) : null,
    session_disconnect_delay_ms: between(byeUs, byeAnswerUs),
  }
}

function statusOf({ state, statusCode }: Leg): string {
  if (state === 'failed' && statusCode >= 600) return 'Global failure'
  if (state === 'failed' && statusCode >= 500) return 'Server error'
  if (statusCode >= 400) return STATUS[state] ?? 'Rejected'
  return STATUS[state] ?? 'Unknown'
}

/** Codec names of the first audio or other media, of the newest answer that has some, else of the newest offer. */
function codecsOf(rows: readonly StoredRow[]): string[] {
  const withSdp = rows.flatMap((row) => {
    const media = sdpOfMessage(messageOf(row).bytes)?.media ?? []
    const names = media.flatMap(({ codecs }) => codecs.flatMap(({ name }) => (name === undefined ? [] : [name])))
    return names.length === 0 ? [] : [{ isAnswer: !isRequest(row), names: [...new Set(names)] }]
  })
  return (withSdp.findLast(({ isAnswer }) => isAnswer) ?? withSdp.at(-1))?.names ?? []
}

function distributionOf(rows: readonly StoredRow[]): CallInfo['methods_distribution'] {
  const counts = new Map<string, number>()
  for (const { method, response_code } of rows) {
    const name = (method ?? '') === '' ? (response_code ?? '') : (method ?? '')
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([method, count]) => ({ method, count })).sort((a, b) => b.count - a.count)
}

function trackerOf(rows: readonly StoredRow[]): CallTracker {
  const tracker = new CallTracker()
  const writer = new BlockWriter({ node: 'stored', epoch: 1 })
  const seal = (): void => {
    const block = writer.seal(0)
    for (let row = 0; block !== undefined && row < block.count; row++) tracker.apply(block, row)
  }
  for (const row of rows) {
    if (writer.isFull) seal()
    writer.append(hepOf(row), row.ts_us)
  }
  seal()
  return tracker
}

function hepOf(row: StoredRow): Uint8Array {
  const { ipProtocol, srcIp, dstIp, srcPort, dstPort, tsUs, bytes } = messageOf(row)
  return encodeHep({
    version: 3,
    ipProtocol,
    ...(srcIp !== '' && { srcIp, dstIp }),
    srcPort,
    dstPort,
    tsUs,
    protocolType: row.proto_type,
    agentId: Number(row.node_id),
    payload: bytes,
    ...(row.cid !== '' && { correlationId: row.cid }),
  })
}

function isRequest({ method }: StoredRow): boolean {
  return (method ?? '') !== ''
}

function agentOf(rows: readonly StoredRow[]): string {
  return rows.find(({ user_agent }) => (user_agent ?? '') !== '')?.user_agent ?? ''
}

function partyOf(user: string, host: string): string {
  return user === '' ? host : `${user}@${host}`
}

function endpoint(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

function between(fromUs: number | undefined, toUs: number | undefined): number | null {
  return fromUs === undefined || toUs === undefined || toUs < fromUs ? null : inMilliseconds(toUs - fromUs)
}

function inMilliseconds(us: number | undefined): number | null {
  return us === undefined ? null : us / 1000
}

function inSeconds(us: number | undefined): number | null {
  return us === undefined ? null : us / 1_000_000
}
