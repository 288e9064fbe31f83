import type { PcapMessage } from '../pcap/write.ts'
import { headerOf, readSipText, type SipHeader, type SipText } from './sip-text.ts'

export type SippResult =
  | { readonly ok: true; readonly xml: string }
  /** `no-request`: no message is a request, so nobody is known to have begun. */
  | { readonly ok: false; readonly reason: 'no-request' }

/** Shorter waits are those of the network, which the other side makes anew. */
const MIN_PAUSE_MS = 100
/** Answers that may come although they did not in the capture. */
const USUAL_PROVISIONAL = [100, 180, 183]

/** Headers that SIPp makes, or that belong to the hops of the capture. */
const MADE_ANEW: ReadonlySet<string> = new Set([
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'contact',
  'content-length',
  'route',
  'record-route',
  'authorization',
  'proxy-authorization',
  'x-siplog',
])

interface Step extends SipText {
  readonly isOurs: boolean
  readonly tsUs: number
}

/**
 * A SIPp scenario that plays the caller of a captured call: the side that sent the first request, against the side
 * that it was sent to.
 *
 * Addresses, tags, branches, Call-ID and ports of media are SIPp's own, credentials those of its options `-au` and
 * `-ap`; the rest is as it was sent. Messages of other hops, repetitions and PRACK are left out.
 *
 * @param messages of one Call-ID, in order of time; what is not SIP is passed over
 * @see https://sipp.readthedocs.io/en/latest/scenarios/ownscenarios.html
 */
export function sippScenario(messages: readonly PcapMessage[]): SippResult {
  const steps = stepsOf(messages)
  const [first] = steps
  if (first === undefined) return { ok: false, reason: 'no-request' }
  const writer = new ScenarioWriter(first)
  for (const [i, step] of steps.entries()) writer.add(step, steps.slice(i + 1), steps[i - 1])
  return { ok: true, xml: writer.xml() }
}

/** The messages between the two ends of the first request, from there on. */
function stepsOf(messages: readonly PcapMessage[]): Step[] {
  const steps: Step[] = []
  const seen = new Set<string>()
  let ends: { readonly near: string; readonly far: string } | undefined
  let hasSameHost = false
  for (const message of messages) {
    const sip = readSipText(message.bytes)
    if (sip === undefined || sip.cseqMethod === 'PRACK') continue
    const { srcIp, dstIp, srcPort, dstPort, tsUs } = message
    if (ends === undefined) {
      if (sip.method === '') continue
      hasSameHost = srcIp === dstIp
    }
    // A host may send from other ports than it listens on; two ends of one host differ in nothing else.
    const [src, dst] = hasSameHost ? [`${srcIp} ${srcPort}`, `${dstIp} ${dstPort}`] : [srcIp, dstIp]
    ends ??= { near: src, far: dst }
    const isOurs = src === ends.near && dst === ends.far
    if (!isOurs && (src !== ends.far || dst !== ends.near)) continue
    const branch = /;\s*branch=([^;\s,]+)/i.exec(headerOf(sip, 'via'))?.[1] ?? ''
    const key = [isOurs, sip.startLine, sip.cseqNumber, sip.cseqMethod, branch].join('\n')
    if (seen.has(key)) continue
    seen.add(key)
    steps.push({ ...sip, isOurs, tsUs })
  }
  return steps
}

class ScenarioWriter {
  readonly #callId: string
  readonly #commands: string[] = []
  /** Where the requests that we sent are, by CSeq. */
  readonly #sentAt = new Map<string, number>()
  /** Code of the final answer to each of our requests. */
  readonly #finals = new Map<string, number>()
  #isEstablished = false
  #isChallenged = false

  constructor(first: Step) {
    this.#callId = headerOf(first, 'call-id')
  }

  add(step: Step, later: readonly Step[], before: Step | undefined): void {
    if (!step.isOurs) this.#receive(step, later)
    else {
      const pauseMs = before === undefined ? 0 : Math.round((step.tsUs - before.tsUs) / 1000)
      if (pauseMs >= MIN_PAUSE_MS) this.#commands.push(`  <pause milliseconds="${pauseMs}"/>`)
      this.#send(step.method === '' ? this.#response(step) : this.#request(step), step)
    }
  }

  xml(): string {
    const name = this.#callId.replace(/[^\w.@ -]/g, '_')
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<!-- Run with: sipp -sf THIS_FILE -m 1 HOST:PORT -->`,
      `<scenario name="${name}">`,
      ...this.#commands,
      '</scenario>',
      '',
    ].join('\n')
  }

  #receive(step: Step, later: readonly Step[]): void {
    if (step.method !== '') {
      this.#commands.push(`  <recv request="${attribute(step.method)}" crlf="true"/>`)
      return
    }
    const { statusCode, cseqMethod } = step
    const isLastBeforeSend = later[0]?.isOurs === true || later.length === 0
    if (statusCode < 200) {
      if (!isLastBeforeSend) return
      this.#provisional(later.length === 0 ? [] : [statusCode])
      this.#commands.push(`  <recv response="${statusCode}"/>`)
      return
    }
    if (cseqMethod === 'INVITE') this.#provisional([])
    this.#finals.set(transactionOf(step), statusCode)
    const isChallenge = statusCode === 401 || statusCode === 407
    this.#isChallenged = isChallenge
    const isAnswer = cseqMethod === 'INVITE' && statusCode < 300
    if (isAnswer) this.#isEstablished = true
    const attributes = `${isChallenge ? ' auth="true"' : ''}${isAnswer ? ' rrs="true"' : ''}`
    this.#commands.push(`  <recv response="${statusCode}"${attributes}/>`)
  }

  #provisional(except: readonly number[]): void {
    for (const code of USUAL_PROVISIONAL) {
      if (!except.includes(code)) this.#commands.push(`  <recv response="${code}" optional="true"/>`)
    }
  }

  #send(text: string, { method }: Step): void {
    const retransmission = method === '' || method === 'ACK' ? '' : ' retrans="500"'
    const safe = text.replaceAll(']]>', ']]]]><![CDATA[>')
    this.#commands.push(`  <send${retransmission}><![CDATA[\n${safe}\n]]></send>`)
  }

  #request(step: Step): string {
    const { method, cseqNumber } = step
    const isRefusedAck = method === 'ACK' && (this.#finals.get(`${cseqNumber} INVITE`) ?? 0) >= 300
    const isOfInvite = method === 'CANCEL' || isRefusedAck
    const isInside = this.#isEstablished && !isOfInvite
    const index = this.#commands.length
    const inviteAt = this.#sentAt.get(`${cseqNumber} INVITE`)
    const branch = isOfInvite && inviteAt !== undefined ? `[branch-${index - inviteAt}]` : '[branch]'
    if (method !== 'ACK') this.#sentAt.set(`${cseqNumber} ${method}`, index)
    const to = withoutTag(headerOf(step, 'to'))
    const hasPeerTag = isInside || isRefusedAck
    const lines = [
      `${method} ${isInside ? '[next_url]' : targetOf(step)} SIP/2.0`,
      `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${branch}`,
      `From: ${escaped(withoutTag(headerOf(step, 'from')))};tag=[pid]hs[call_number]`,
      `To: ${escaped(to)}${hasPeerTag ? '[peer_tag_param]' : ''}`,
      'Call-ID: [call_id]',
      `CSeq: ${cseqNumber} ${method}`,
      ...(isInside ? ['[routes]'] : []),
      ...(this.#isChallenged && method !== 'ACK' && method !== 'CANCEL' ? ['[authentication]'] : []),
    ]
    return finished(lines, step)
  }

  #response(step: Step): string {
    const last = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `[last_${name}:]`)
    return finished([escaped(step.startLine), ...last], step)
  }
}

/** The rest of a message: its other headers, and its body with addresses of media that are SIPp's. */
function finished(lines: readonly string[], step: Step): string {
  const contact = headerOf(step, 'contact') === '' ? [] : [contactOf(step)]
  const others = step.headers.filter(({ name }) => !MADE_ANEW.has(name)).flatMap(headerLine)
  const body = step.body === '' ? '' : `\n${mediaOf(step.body)}`
  return [...lines, ...contact, ...others, 'Content-Length: [len]', body].join('\n')
}

function headerLine({ name, value }: SipHeader): string[] {
  if (name !== 'supported' && name !== 'require') return [`${titled(name)}: ${escaped(value)}`]
  // PRACK has to name a number that the other side makes.
  const options = value.split(/\s*,\s*/).filter((option) => option !== '100rel' && option !== '')
  return options.length === 0 ? [] : [`${titled(name)}: ${escaped(options.join(', '))}`]
}

function mediaOf(body: string): string {
  let streams = 0
  return body
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('a=rtcp:'))
    .map((line) => {
      const [, media, rest] = /^(m=\S+ )[1-9]\d*(.*)$/.exec(line) ?? []
      if (media !== undefined)
        return `${escaped(media)}[media_port${streams++ === 0 ? '' : `+${2 * streams - 2}`}]${escaped(rest ?? '')}`
      if (/^c=IN IP[46] /.test(line)) return 'c=IN IP[media_ip_type] [media_ip]'
      const [, origin] = /^(o=.* )IN IP[46] \S+$/.exec(line) ?? []
      return origin === undefined ? escaped(line) : `${escaped(origin)}IN IP[local_ip_type] [local_ip]`
    })
    .join('\n')
    .trimEnd()
}

/** The Request-URI, with its user, at the address that SIPp is given. */
function targetOf({ startLine }: Step): string {
  const [, scheme = 'sip', user = ''] = /^\S+ (sips?):(?:([^@\s]*)@)?/i.exec(startLine) ?? []
  return `${scheme}:${user === '' ? '' : `${escaped(user)}@`}[remote_ip]:[remote_port]`
}

function contactOf(step: Step): string {
  const user = /sips?:([^@\s>]*)@/i.exec(headerOf(step, 'contact'))?.[1] ?? 'sipp'
  return `Contact: <sip:${escaped(user)}@[local_ip]:[local_port];transport=[transport]>`
}

function withoutTag(value: string): string {
  return value.replace(/;\s*tag=[^;\s]*/i, '')
}

function transactionOf({ cseqNumber, cseqMethod }: SipText): string {
  return `${cseqNumber} ${cseqMethod}`
}

/** SIPp takes what is in brackets for keywords, and a backslash for an escape. */
function escaped(text: string): string {
  return text.replace(/[\\[]/g, (char) => (char === '[' ? '\\x5b' : '\\x5c'))
}

function attribute(text: string): string {
  return text.replace(/[^\w.!%*+`'~-]/g, '').replaceAll("'", '&apos;')
}

/** `Max-Forwards` */
function titled(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}
