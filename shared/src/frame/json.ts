import type { EventBlock } from '../event/block.ts'
import { FLAG, TEXT, type TextColumn } from '../event/columns.ts'
import { transportOf } from '../hep/chunks.ts'
import type { ByteSink } from './byte-sink.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { fatal: true })
const NO_BYTES = new Uint8Array(0)
const key = (text: string): Uint8Array => encoder.encode(text)

const TS = key('{"ts":')
const PROTO = key(',"proto":')
const SRC_IP = key(',"src_ip":"')
const SRC_PORT = key(',"src_port":')
const DST_IP = key(',"dst_ip":"')
const DST_PORT = key(',"dst_port":')
const NODE_ID = key(',"node_id":')
const SIP = key(',"sip":{')
const METHOD = key('"method":"')
const RESP_CODE = key('"resp_code":"')
const RESP_TEXT = key('"resp_text":"')
const CALLID = key('"callid":"')
const CSEQ = key('"cseq":"')
const FROM_USER = key('"from_user":"')
const TO_USER = key('"to_user":"')
const RURI_USER = key('"ruri_user":"')
const PAYLOAD = key(',"payload":"')
const PAYLOAD_BASE64 = key(',"payload_b64":"')
const NODE = key(',"node":"')
const EPOCH = key(',"epoch":')
const SEQ = key(',"seq":')
const TS_US = key(',"ts_us":')
const TRANSPORT = key(',"transport":"')
const CID = key(',"cid":"')
const AGENT = key(',"agent":"')
const QUOTE = 0x22
const COMMA = 0x2c
const BRACE_CLOSE = 0x7d

/**
 * Append the Live HEP Stream's JSON frame of one event: the original's members in its order, empty ones omitted.
 *
 * No strings are made for ASCII text. What is not UTF-8 becomes U+FFFD, for a text frame must be UTF-8.
 *
 * @param withPayload whether this viewer may have, and wants, the payload
 * @param withDetail members that the original does not have: `node`, `epoch`, `seq`, `ts_us`, `transport`, `cid` (chunk
 *   0x0011), `agent` (its name), and `payload_b64` in the place of a payload that is not UTF-8
 */
export function appendJsonFrame(
  out: ByteSink,
  block: EventBlock,
  row: number,
  withPayload: boolean,
  withDetail = false,
): void {
  const flags = block.flags[row] ?? 0
  out.append(TS)
  appendNumber(out, Math.floor((block.tsUs[row] ?? 0) / 1000))
  out.append(PROTO)
  appendNumber(out, block.proto[row] ?? 0)
  const hasAddress = (flags & (FLAG.ipv4 | FLAG.ipv6)) !== 0
  if (hasAddress) appendQuoted(out, SRC_IP, block.srcIp(row))
  appendMember(out, SRC_PORT, block.srcPort[row] ?? 0)
  if (hasAddress) appendQuoted(out, DST_IP, block.dstIp(row))
  appendMember(out, DST_PORT, block.dstPort[row] ?? 0)
  appendMember(out, NODE_ID, block.agentId[row] ?? 0)
  if ((flags & FLAG.sip) !== 0) appendSip(out, block, row, flags)
  if (withDetail) appendDetail(out, block, row)
  const payload = withPayload ? block.payload(row) : NO_BYTES
  if (payload.length > 0) {
    const asText = !withDetail || isUtf8(payload)
    out.append(asText ? PAYLOAD : PAYLOAD_BASE64)
    if (asText) appendEscaped(out, payload)
    else appendAscii(out, base64(payload))
    appendByte(out, QUOTE)
  }
  appendByte(out, BRACE_CLOSE)
}

function appendDetail(out: ByteSink, block: EventBlock, row: number): void {
  out.append(NODE)
  appendEscaped(out, encoder.encode(block.node))
  appendByte(out, QUOTE)
  out.append(EPOCH)
  appendNumber(out, block.epoch)
  out.append(SEQ)
  appendNumber(out, block.seq(row))
  out.append(TS_US)
  appendNumber(out, block.tsUs[row] ?? 0)
  const transport = transportOf(block.ipProtocol[row] ?? 0)
  if (transport !== 'unknown') appendQuoted(out, TRANSPORT, transport)
  appendText(out, out.length, CID, block, TEXT.correlationId, row)
  appendText(out, out.length, AGENT, block, TEXT.agentName, row)
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictDecoder.decode(bytes)
    return true
  } catch {
    return false
  }
}

/** In pieces: a call has room for so many arguments. */
function base64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000))
  }
  return btoa(binary)
}

function appendSip(out: ByteSink, block: EventBlock, row: number, flags: number): void {
  out.append(SIP)
  const start = out.length
  const method = block.methodName(row)
  if (method !== '') {
    out.append(METHOD)
    appendEscaped(out, encoder.encode(method))
    appendByte(out, QUOTE)
  }
  if ((flags & FLAG.response) !== 0) {
    separate(out, start)
    appendQuoted(out, RESP_CODE, String(block.statusCode[row]))
    appendText(out, start, RESP_TEXT, block, TEXT.reason, row)
  }
  appendText(out, start, CALLID, block, TEXT.callId, row)
  appendText(out, start, CSEQ, block, TEXT.cseq, row)
  appendText(out, start, FROM_USER, block, TEXT.fromUser, row)
  appendText(out, start, TO_USER, block, TEXT.toUser, row)
  appendText(out, start, RURI_USER, block, TEXT.ruriUser, row)
  appendByte(out, BRACE_CLOSE)
}

function appendText(
  out: ByteSink,
  start: number,
  name: Uint8Array,
  block: EventBlock,
  column: TextColumn,
  row: number,
): void {
  if (!block.hasText(column, row)) return
  separate(out, start)
  out.append(name)
  const bytes = block.textBytes(column, row)
  appendEscaped(out, bytes.includes(0x0a) ? encoder.encode(block.text(column, row)) : bytes)
  appendByte(out, QUOTE)
}

function separate(out: ByteSink, start: number): void {
  if (out.length > start) appendByte(out, COMMA)
}

function appendMember(out: ByteSink, name: Uint8Array, value: number): void {
  if (value === 0) return
  out.append(name)
  appendNumber(out, value)
}

/** Text that needs no escaping. */
function appendQuoted(out: ByteSink, name: Uint8Array, text: string): void {
  out.append(name)
  appendAscii(out, text)
  appendByte(out, QUOTE)
}

function appendNumber(out: ByteSink, value: number): void {
  appendAscii(out, String(value))
}

function appendAscii(out: ByteSink, text: string): void {
  out.reserve(text.length)
  const { bytes } = out
  let at = out.length
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
  out.length = at
}

function appendByte(out: ByteSink, byte: number): void {
  out.reserve(1)
  out.bytes[out.length++] = byte
}

/** Second character of the short escapes of RFC 8259 section 7, by byte. */
const SHORT_ESCAPES: readonly (number | undefined)[] = ((): (number | undefined)[] => {
  const table: (number | undefined)[] = []
  for (const [byte, letter] of [
    [0x08, 'b'],
    [0x09, 't'],
    [0x0a, 'n'],
    [0x0c, 'f'],
    [0x0d, 'r'],
    [0x22, '"'],
    [0x5c, '\\'],
  ] as const) {
    table[byte] = letter.charCodeAt(0)
  }
  return table
})()
const HEX = encoder.encode('0123456789abcdef')

/** Text bytes as the inside of a JSON string. */
function appendEscaped(out: ByteSink, text: Uint8Array): void {
  // Six bytes for one is the worst case, `\u0001`.
  out.reserve(6 * text.length)
  const { bytes } = out
  let at = out.length
  for (const byte of text) {
    if (byte >= 0x80) {
      // Not ASCII from here on: let the platform judge whether it is UTF-8.
      const valid = encoder.encode(decoder.decode(text))
      if (valid.length !== text.length || valid.some((value, i) => value !== text[i])) {
        appendEscaped(out, valid)
        return
      }
      at = appendUtf8(bytes, out.length, text)
      out.length = at
      return
    }
    at = escapeByte(bytes, at, byte)
  }
  out.length = at
}

function appendUtf8(bytes: Uint8Array, start: number, text: Uint8Array): number {
  let at = start
  for (const byte of text) at = escapeByte(bytes, at, byte)
  return at
}

function escapeByte(bytes: Uint8Array, at: number, byte: number): number {
  if (byte >= 0x20 && byte !== QUOTE && byte !== 0x5c) {
    bytes[at] = byte
    return at + 1
  }
  bytes[at] = 0x5c
  const short = SHORT_ESCAPES[byte]
  if (short !== undefined) {
    bytes[at + 1] = short
    return at + 2
  }
  bytes[at + 1] = 0x75
  bytes[at + 2] = bytes[at + 3] = 0x30
  bytes[at + 4] = HEX[byte >> 4] ?? 0
  bytes[at + 5] = HEX[byte & 15] ?? 0
  return at + 6
}
