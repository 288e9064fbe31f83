/** A SIP message as text, its header lines unfolded and under their long names. */
export interface SipText {
  readonly startLine: string
  /** Method of a request, `''` of a response. */
  readonly method: string
  /** Code of a response, 0 of a request. */
  readonly statusCode: number
  readonly cseqNumber: number
  readonly cseqMethod: string
  readonly headers: readonly SipHeader[]
  readonly body: string
}

export interface SipHeader {
  /** In lower case. */
  readonly name: string
  readonly value: string
}

/** @see RFC 3261 section 7.3.3 and the IANA registry of SIP header fields */
const LONG_NAMES: ReadonlyMap<string, string> = new Map([
  ['c', 'content-type'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['s', 'subject'],
  ['t', 'to'],
  ['v', 'via'],
])

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Read a message; undefined if it has no SIP start line or no CSeq. */
export function readSipText(bytes: Uint8Array): SipText | undefined {
  const text = utf8.decode(bytes)
  const [, head = text, body = ''] = /^([\s\S]*?)\r?\n\r?\n([\s\S]*)$/.exec(text) ?? []
  const [startLine = '', ...lines] = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)
  const headers = lines.flatMap((line): SipHeader[] => {
    const [, name = '', value = ''] = /^([^\s:]+)[ \t]*:[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    const lower = name.toLowerCase()
    return name === '' ? [] : [{ name: LONG_NAMES.get(lower) ?? lower, value }]
  })
  const [, code] = /^SIP\/2\.0 (\d{3})(?: |$)/.exec(startLine) ?? []
  const [, method = ''] = /^(\S+) \S+ SIP\/2\.0$/.exec(startLine) ?? []
  const cseq = headers.find(({ name }) => name === 'cseq')?.value ?? ''
  const [, cseqNumber, cseqMethod] = /^(\d+)\s+(\S+)$/.exec(cseq) ?? []
  if ((code === undefined && method === '') || cseqMethod === undefined) return undefined
  return { startLine, method, statusCode: Number(code ?? 0), cseqNumber: Number(cseqNumber), cseqMethod, headers, body }
}

/** Value of the first header of that name, in lower case; `''` if there is none. */
export function headerOf(message: SipText, name: string): string {
  return message.headers.find((header) => header.name === name)?.value ?? ''
}
