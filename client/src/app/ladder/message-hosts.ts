import { formatIp, parseIp } from '@hepscope/shared/net/ip.ts'

/** The topmost Via of a message. */
export interface TopVia {
  /** Address that it names; undefined if it names a host. */
  readonly host: string | undefined
  /** No proxy has added another: the message comes from who wrote it. */
  readonly isOnly: boolean
}

/** Headers are looked for in so much of a message. */
const HEAD_CHARS = 8192

/** Read the topmost Via; undefined if there is none. @see RFC 3261 section 18.1.1 */
export function topVia(text: string): TopVia | undefined {
  const values = headersOf(text, 'via|v')
  const [first] = values
  if (first === undefined) return undefined
  const [, sentBy = ''] = /^SIP\s*\/\s*2\.0\s*\/\s*\S+\s+([^\s;,]+)/i.exec(first) ?? []
  return { host: addressOf(sentBy), isOnly: values.length === 1 && !/,\s*SIP\s*\//i.test(first) }
}

/** Address in the first Contact; undefined if it names a host, or there is none. */
export function contactHost(text: string): string | undefined {
  const [value = ''] = headersOf(text, 'contact|m')
  const [, hostPort = ''] = /sips?:(?:[^@>\s]*@)?([^;>?\s]+)/i.exec(value) ?? []
  return addressOf(hostPort)
}

function headersOf(text: string, names: string): string[] {
  const head = text.slice(0, HEAD_CHARS).split(/\r?\n\r?\n/, 1)[0] ?? ''
  const pattern = new RegExp(`^(?:${names})[ \\t]*:[ \\t]*(.*)$`, 'gim')
  return [...head.matchAll(pattern)].map(([, value = '']) => value)
}

/** @param hostPort `10.0.0.1`, `10.0.0.1:5060`, `[2001:db8::1]:5060` */
function addressOf(hostPort: string): string | undefined {
  const host = hostPort.startsWith('[') ? hostPort.slice(1).split(']', 1)[0] : hostPort.split(':', 1)[0]
  const bytes = parseIp(host ?? '')
  return bytes === undefined ? undefined : formatIp(bytes, 0, bytes.length)
}
