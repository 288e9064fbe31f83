import type { HepPacket } from '@hepscope/shared/hep/packet.ts'

/** A SIP message read anew, by code that shares nothing with the simulator or the codec. */
export interface CheckedMessage {
  readonly tsUs: number
  readonly from: string
  readonly to: string
  /** `INVITE` or `180`. */
  readonly what: string
  readonly status: number | undefined
  readonly requestUri: string | undefined
  readonly cseqNumber: number
  readonly cseqMethod: string
  readonly callId: string
  readonly vias: readonly string[]
  readonly branches: readonly string[]
  readonly fromTag: string | undefined
  readonly toTag: string | undefined
  readonly header: (name: string) => string | undefined
  readonly headers: (name: string) => string[]
  readonly body: string
  readonly text: string
}

/** @throws Error that says which rule of the message syntax is broken */
export function checkMessage(packet: HepPacket): CheckedMessage {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(packet.payload)
  const fail = (why: string): never => {
    throw new Error(`${why} in\n${text}`)
  }
  const split = text.indexOf('\r\n\r\n')
  if (split < 0) fail('no end of headers')
  if (/[^\r]\n|\r[^\n]/.test(text)) fail('a line end that is not CRLF')
  const [startLine = '', ...lines] = text.slice(0, split).split('\r\n')
  const fields = lines.map((line) => {
    const field = /^([A-Za-z-]+): (.+)$/.exec(line)
    return { name: (field?.[1] ?? fail(`odd header "${line}"`)).toLowerCase(), value: field?.[2] ?? '' }
  })
  const headers = (name: string) =>
    fields.filter((field) => field.name === name.toLowerCase()).map((field) => field.value)
  const header = (name: string) => headers(name)[0]
  const one = (name: string): string => {
    const [value, ...more] = headers(name)
    return value === undefined || more.length > 0 ? fail(`not exactly one ${name}`) : value
  }
  const body = text.slice(split + 4)
  if (Number(one('Content-Length')) !== new TextEncoder().encode(body).length) fail('wrong Content-Length')
  if ((body !== '') !== (header('Content-Type') === 'application/sdp')) fail('Content-Type does not fit the body')

  const request = /^([A-Z]+) (sips?:\S+) SIP\/2\.0$/.exec(startLine)
  const response = /^SIP\/2\.0 ([1-6]\d\d) (\S.*)$/.exec(startLine)
  const what = request?.[1] ?? response?.[1] ?? fail('odd start line')
  if (request && !/^\d+$/.test(one('Max-Forwards'))) fail('no Max-Forwards')
  const cseq = /^(\d+) ([A-Z]+)$/.exec(one('CSeq')) ?? fail('odd CSeq')
  if (request && request[1] !== cseq[2]) fail('CSeq of another method')
  const vias = headers('Via')
  if (vias.length === 0) fail('no Via')
  const branches = vias.map((via) => /;branch=(z9hG4bK[^;]+)/.exec(via)?.[1] ?? fail(`odd Via "${via}"`))
  const tag = (value: string) => /;tag=([^;]+)$/.exec(value)?.[1]
  return {
    tsUs: packet.tsUs ?? fail('no time'),
    from: `${packet.srcIp} ${packet.srcPort}`,
    to: `${packet.dstIp} ${packet.dstPort}`,
    what,
    status: response ? Number(response[1]) : undefined,
    requestUri: request?.[2],
    cseqNumber: Number(cseq[1]),
    cseqMethod: cseq[2] ?? '',
    callId: one('Call-ID'),
    vias,
    branches,
    fromTag: tag(one('From')),
    toTag: tag(one('To')),
    header,
    headers,
    body,
    text,
  }
}
