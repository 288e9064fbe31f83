import type { EventBlock } from '../event/block.ts'

/** Names of IANA protocol numbers that carry SIP. */
const IP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [6, 'TCP'],
  [17, 'UDP'],
  [132, 'SCTP'],
])
/** `SIP/2.0/`, which first comes in the topmost Via. */
const SENT_PROTOCOL = [0x53, 0x49, 0x50, 0x2f, 0x32, 0x2e, 0x30, 0x2f]
const MAX_TRANSPORT = 8

/**
 * What carried a SIP message: the transport of its topmost Via, such as `TLS` or `WSS`; without its payload the
 * protocol above IP.
 */
export function transportOf(block: EventBlock, row: number): string {
  return viaTransport(block.payload(row)) ?? IP_PROTOCOLS.get(block.ipProtocol[row] ?? 0) ?? ''
}

function viaTransport(message: Uint8Array): string | undefined {
  let at = message.indexOf(0x53)
  while (at >= 0) {
    if (SENT_PROTOCOL.every((byte, i) => message[at + i] === byte)) return word(message, at + SENT_PROTOCOL.length)
    at = message.indexOf(0x53, at + 1)
  }
  return undefined
}

/** Letters up to a blank; undefined if there are none or too many. */
function word(message: Uint8Array, start: number): string | undefined {
  let text = ''
  for (let at = start; at <= start + MAX_TRANSPORT; at++) {
    const upper = (message[at] ?? 0) & 0xdf
    if (upper < 0x41 || upper > 0x5a) return text === '' ? undefined : text
    text += String.fromCharCode(upper)
  }
  return undefined
}
