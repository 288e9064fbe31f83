import { type JsonValue, type Members, present, textOf, toNumber } from './json.ts'

/**
 * A voice quality report of an endpoint (HEP protocol type 35): the body of RFC 6035, the bare `NLR=… MOSLQ=…` text
 * that heplify-server reads, or the same names as JSON.
 */
export interface VoiceQualityView {
  readonly kind: 'voice-quality'
  /** `session`, `interval` or `alert`; absent in the bare forms. */
  readonly report?: 'session' | 'interval' | 'alert'
  /** Of a session report: `CallTerm` at the end of the call. */
  readonly reason?: string
  readonly callId?: string
  readonly localId?: string
  readonly remoteId?: string
  readonly localAddress?: VoiceQualityAddress
  readonly remoteAddress?: VoiceQualityAddress
  readonly local?: VoiceQualityMetrics
  /** What the other side told by RTCP XR. */
  readonly remote?: VoiceQualityMetrics
}

export interface VoiceQualityAddress {
  readonly ip?: string
  readonly port?: number
  readonly ssrc?: number
}

/** @see RFC 3611 section 4.7 and RFC 6035 section 4.6.2 */
export interface VoiceQualityMetrics {
  /** As written, usually RFC 3339. */
  readonly startedAt?: string
  readonly stoppedAt?: string
  readonly payloadType?: number
  readonly codec?: string
  readonly clockRateHz?: number
  /** NLR: lost by the network. */
  readonly lossPercent?: number
  /** JDR: discarded by the jitter buffer. */
  readonly discardPercent?: number
  readonly burstLossPercent?: number
  readonly burstDurationMs?: number
  readonly gapLossPercent?: number
  readonly gapDurationMs?: number
  readonly roundTripMs?: number
  readonly endSystemDelayMs?: number
  readonly oneWayDelayMs?: number
  /** IAJ: inter-arrival jitter. */
  readonly jitterMs?: number
  /** MAJ: mean absolute jitter. */
  readonly meanJitterMs?: number
  readonly bufferNominalMs?: number
  readonly bufferMaximumMs?: number
  readonly bufferLimitMs?: number
  readonly signalLevelDbm?: number
  readonly noiseLevelDbm?: number
  readonly echoReturnLossDb?: number
  /** RLQ and RCQ, 0 to 120. */
  readonly rListening?: number
  readonly rConversational?: number
  /** MOSLQ and MOSCQ, 1 to 5. */
  readonly mosListening?: number
  readonly mosConversational?: number
}

type Values = ReadonlyMap<string, JsonValue>

/** Any of these makes a text or an object such a report. */
const SIGNS = ['nlr', 'jdr', 'iaj', 'moslq', 'moscq'] as const
const MAX_LINES = 256
const SECTIONS: ReadonlyMap<string, 'local' | 'remote'> = new Map([
  ['localmetrics', 'local'],
  ['remotemetrics', 'remote'],
])
const REPORTS: ReadonlyMap<string, NonNullable<VoiceQualityView['report']>> = new Map([
  ['vqsessionreport', 'session'],
  ['vqintervalreport', 'interval'],
  ['vqalertreport', 'alert'],
])

/**
 * Read a report in text form.
 *
 * @param text a body of type application/vq-rtcpxr, a SIP message that carries one, or `NAME=value` pairs
 * @returns undefined if it has none of the metrics and is no report of RFC 6035
 * @see RFC 6035 section 4.6.1
 */
export function viewVoiceQualityText(text: string): VoiceQualityView | undefined {
  const headers = new Map<string, string>()
  const sections = { local: new Map<string, string>(), remote: new Map<string, string>() }
  let section: 'local' | 'remote' = 'local'
  for (const line of text.split('\n', MAX_LINES)) {
    const colon = line.indexOf(':')
    const equals = line.indexOf('=')
    const isHeader = colon > 0 && (equals < 0 || colon < equals)
    const name = isHeader ? line.slice(0, colon).trim().toLowerCase() : ''
    const value = line.slice(isHeader ? colon + 1 : 0).trim()
    section = SECTIONS.get(name) ?? section
    if (name !== '' && !headers.has(name)) headers.set(name, value)
    if (!ADDRESSES.has(name)) readPairs(value, sections[section])
  }
  const report = [...REPORTS].find(([name]) => headers.has(name))
  if (report === undefined && !SIGNS.some((name) => sections.local.has(name))) return undefined
  return present<VoiceQualityView>({
    kind: 'voice-quality',
    report: report?.[1],
    reason: report === undefined ? undefined : headers.get(report[0])?.split(' ')[0] || undefined,
    callId: headers.get('callid'),
    localId: headers.get('localid'),
    remoteId: headers.get('remoteid'),
    localAddress: addressOf(headers.get('localaddr')),
    remoteAddress: addressOf(headers.get('remoteaddr')),
    local: sections.local.size === 0 ? undefined : metricsOf(sections.local),
    remote: sections.remote.size === 0 ? undefined : metricsOf(sections.remote),
  })
}

/** Read a report in JSON form; undefined if it has none of the metrics. */
export function viewVoiceQualityJson(members: Members): VoiceQualityView | undefined {
  if (!SIGNS.some((name) => members.has(name))) return undefined
  return present<VoiceQualityView>({
    kind: 'voice-quality',
    callId: textOf(members, 'callid', 'call_id', 'rtp_sip_call_id'),
    local: metricsOf(members),
  })
}

const ADDRESSES: ReadonlySet<string> = new Set(['localaddr', 'remoteaddr'])

/** `NLR=0.0 JDR="1"`, by spaces, commas or semicolons. The first of a name counts. */
function readPairs(text: string, into: Map<string, string>): void {
  for (const pair of text.split(/[\s;,]+/)) {
    const equals = pair.indexOf('=')
    if (equals <= 0) continue
    const name = pair.slice(0, equals).toLowerCase()
    if (!into.has(name)) into.set(name, pair.slice(equals + 1).replaceAll('"', ''))
  }
}

function addressOf(value: string | undefined): VoiceQualityAddress | undefined {
  if (value === undefined) return undefined
  const pairs = new Map<string, string>()
  readPairs(value, pairs)
  const ip = pairs.get('ip')
  return present<VoiceQualityAddress>({
    ip: ip === '' ? undefined : ip,
    port: toNumber(pairs.get('port')),
    ssrc: toNumber(pairs.get('ssrc')),
  })
}

function metricsOf(values: Values): VoiceQualityMetrics {
  const number = (name: string) => toNumber(values.get(name))
  return present<VoiceQualityMetrics>({
    startedAt: textOf(values, 'start'),
    stoppedAt: textOf(values, 'stop'),
    payloadType: number('pt'),
    codec: textOf(values, 'pd'),
    clockRateHz: number('sr'),
    lossPercent: number('nlr'),
    discardPercent: number('jdr'),
    burstLossPercent: number('bld'),
    burstDurationMs: number('bd'),
    gapLossPercent: number('gld'),
    gapDurationMs: number('gd'),
    roundTripMs: number('rtd'),
    endSystemDelayMs: number('esd'),
    oneWayDelayMs: number('owd') ?? number('sowd'),
    jitterMs: number('iaj'),
    meanJitterMs: number('maj'),
    bufferNominalMs: number('jbn'),
    bufferMaximumMs: number('jbm'),
    bufferLimitMs: number('jbx'),
    signalLevelDbm: knownOf(number('sl')),
    noiseLevelDbm: knownOf(number('nl')),
    echoReturnLossDb: knownOf(number('rerl')),
    rListening: knownOf(number('rlq')),
    rConversational: knownOf(number('rcq')),
    mosListening: scoreOf(number('moslq')),
    mosConversational: scoreOf(number('moscq')),
  })
}

/** 127 stands for "not available", as in RTCP XR. */
function knownOf(value: number | undefined): number | undefined {
  return value === 127 ? undefined : value
}

function scoreOf(value: number | undefined): number | undefined {
  return value !== undefined && value >= 1 && value <= 5 ? value : undefined
}
