import { INPUT, loadInput, MAX_INPUT_BYTES } from '../bytes/input.ts'
import { TextCache } from '../bytes/text-cache.ts'
import { COLON, CR, EQUALS, LF, skipBlanks, SP, TAB, trimEnd, ZERO } from './chars.ts'
import { FOUR_LF, nextOf, wordAt, wordOf } from './word.ts'

/** What SDP says of where media flows and how it is coded. */
export interface Sdp {
  readonly media: readonly SdpMedia[]
}

export type SdpDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** One `m=` section, with what it has from the session level. */
export interface SdpMedia {
  /** e.g. `audio`. */
  readonly type: string
  /** 0 for media that is refused or ended. */
  readonly port: number
  /** e.g. `RTP/AVP`. */
  readonly transport: string
  /** Connection address: of an IP, or a name as it stands. */
  readonly address?: string
  /** Where RTCP goes if not to the port after. @see RFC 3605 */
  readonly rtcpPort?: number
  readonly rtcpAddress?: string
  /** RTP and RTCP share the port. @see RFC 5761 */
  readonly hasRtcpMux: boolean
  readonly direction: SdpDirection
  /** In the order of preference. */
  readonly codecs: readonly SdpCodec[]
}

export interface SdpCodec {
  readonly payloadType: number
  /** Encoding name, e.g. `PCMA`; absent for a dynamic type without `a=rtpmap`. */
  readonly name?: string
  readonly clockRateHz?: number
}

const MAX_LINES = 2_000
const MAX_MEDIA = 32
const MAX_CODECS = 64
const SLASH = 0x2f
const LETTER_A = 0x61
const LETTER_C = 0x63
const LETTER_M = 0x6d
const DASH = 0x2d
const RTPM = wordOf('rtpm')
const RTCP = wordOf('rtcp')

const utf8 = new TextEncoder()
/** Names of codecs, addresses of gateways: few, and in every description. */
const texts = new TextCache()

const DIRECTIONS: readonly SdpDirection[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive']

/** Static payload types that are in use, by number. @see RFC 3551 section 6 */
const STATIC_CODECS: readonly (SdpCodec | undefined)[] = staticCodecs([
  [0, 'PCMU', 8000],
  [3, 'GSM', 8000],
  [4, 'G723', 8000],
  [8, 'PCMA', 8000],
  // G.722 samples at 16 kHz; its RTP clock has been 8 kHz by mistake ever since.
  [9, 'G722', 8000],
  [10, 'L16', 44100],
  [11, 'L16', 44100],
  [13, 'CN', 8000],
  [15, 'G728', 8000],
  [18, 'G729', 8000],
  [26, 'JPEG', 90000],
  [31, 'H261', 90000],
  [34, 'H263', 90000],
])

function staticCodecs(
  list: readonly (readonly [payloadType: number, name: string, clockRateHz: number])[],
): (SdpCodec | undefined)[] {
  const codecs: (SdpCodec | undefined)[] = Array.from({ length: 128 }, () => undefined)
  for (const [payloadType, name, clockRateHz] of list) codecs[payloadType] = { payloadType, name, clockRateHz }
  return codecs
}

/** A section while it is read; the session is one, too. */
class Draft {
  readonly type: string
  readonly port: number
  readonly transport: string
  readonly formats: number[] = []
  /** Of `a=rtpmap`, each payload type once. */
  readonly maps: SdpCodec[] = []
  address: string | undefined = undefined
  rtcpPort: number | undefined = undefined
  rtcpAddress: string | undefined = undefined
  hasRtcpMux = false
  direction: SdpDirection | undefined = undefined

  constructor(type: string, port: number, transport: string) {
    this.type = type
    this.port = port
    this.transport = transport
  }
}

/**
 * Read the media of a session description.
 *
 * Takes LF for CRLF and passes over what it does not know. Reads at most 2,000 lines, 32 media and 64 codecs of each.
 *
 * @returns never throws; text that is no SDP has no media
 * @see RFC 8866 section 5, RFC 3605, RFC 5761
 */
export function parseSdp(text: string): Sdp {
  const bytes = utf8.encode(text)
  loadInput(bytes)
  return readSdp(0, Math.min(bytes.length, MAX_INPUT_BYTES))
}

/**
 * Find the session description in a SIP message, also as a part of a multipart body.
 *
 * @param message a SIP message, or SDP alone; it becomes the input, see `loadInput`
 * @returns the description, or undefined if no line behind the headers begins one
 */
export function sdpOfMessage(message: Uint8Array): Sdp | undefined {
  loadInput(message)
  const end = Math.min(message.length, MAX_INPUT_BYTES)
  INPUT[end] = LF
  let at = startsSdp(0, end) ? 0 : bodyAt(end)
  while (!startsSdp(at, end)) {
    at = nextOf(FOUR_LF, at, end) + 1
    if (at >= end) return undefined
  }
  return readSdp(at, end)
}

/** `v=0`, the first line of every description. */
function startsSdp(at: number, end: number): boolean {
  return at + 3 <= end && INPUT[at] === 0x76 && INPUT[at + 1] === EQUALS && INPUT[at + 2] === ZERO
}

/** Offset behind the first empty line. */
function bodyAt(end: number): number {
  for (let lf = nextOf(FOUR_LF, 0, end); lf < end; lf = nextOf(FOUR_LF, lf + 1, end)) {
    if (INPUT[lf + 1] === LF) return lf + 2
    if (INPUT[lf + 1] === CR && INPUT[lf + 2] === LF) return lf + 3
  }
  return end
}

/** Read the input from one offset on, up to another or to the boundary of a multipart body: no line begins with `--`. */
function readSdp(from: number, end: number): Sdp {
  INPUT[end] = LF
  const session = new Draft('', 0, '')
  const media: Draft[] = []
  let current = session
  let at = from
  for (let line = 0; line < MAX_LINES && at < end; line++) {
    const lf = nextOf(FOUR_LF, at, end)
    const letter = INPUT[at]
    if (INPUT[at + 1] === EQUALS) {
      if (letter === LETTER_A) readAttribute(at + 2, lf, current)
      else if (letter === LETTER_C) current.address = addressAt(at + 2, trimEnd(at + 2, lf)) ?? current.address
      else if (letter === LETTER_M) {
        const draft = readMedia(at + 2, trimEnd(at + 2, lf))
        if (draft === undefined || media.length >= MAX_MEDIA) break
        media.push(draft)
        current = draft
      }
    } else if (letter === DASH && INPUT[at + 1] === DASH) break
    at = lf + 1
  }
  return { media: media.map((draft) => finish(draft, session)) }
}

/** `audio 49170/2 RTP/AVP 0 8 101` */
function readMedia(from: number, end: number): Draft | undefined {
  const type = skipBlanks(from)
  const typeEnd = wordEnd(type, end)
  const port = skipBlanks(typeEnd)
  const portEnd = wordEnd(port, end)
  const number = portAt(port, charAt(SLASH, port, portEnd))
  const transport = skipBlanks(portEnd)
  const transportEnd = wordEnd(transport, end)
  if (number < 0 || transport >= end) return undefined
  const draft = new Draft(texts.text(INPUT, type, typeEnd), number, texts.text(INPUT, transport, transportEnd))
  let at = skipBlanks(transportEnd)
  for (let count = 0; count < MAX_CODECS && at < end; count++) {
    const formatEnd = wordEnd(at, end)
    const format = numberAt(at, formatEnd, 3)
    if (format >= 0) draft.formats.push(format)
    at = skipBlanks(formatEnd)
  }
  return draft
}

/** `IN IP4 192.0.2.1/127` */
function addressAt(from: number, end: number): string | undefined {
  const network = skipBlanks(from)
  const networkEnd = wordEnd(network, end)
  if (networkEnd !== network + 2 || INPUT[network] !== 0x49 || INPUT[network + 1] !== 0x4e) return undefined
  const at = skipBlanks(wordEnd(skipBlanks(networkEnd), end))
  return at >= end ? undefined : texts.text(INPUT, at, charAt(SLASH, at, wordEnd(at, end)))
}

function readAttribute(from: number, lf: number, draft: Draft): void {
  const at = skipBlanks(from)
  const word = wordAt(at)
  if (word === RTPM) {
    if (isText('rtpmap:', at)) readMap(at + 7, trimEnd(at, lf), draft)
    return
  }
  const end = trimEnd(at, lf)
  const nameEnd = charAt(COLON, at, end)
  if (word === RTCP) {
    if (nameEnd === at + 4) {
      const port = skipBlanks(nameEnd + 1)
      const portEnd = wordEnd(port, end)
      const number = portAt(port, portEnd)
      draft.rtcpPort = number < 0 ? undefined : number
      draft.rtcpAddress = addressAt(portEnd, end)
    } else if (nameEnd === at + 8 && isText('rtcp-mux', at)) draft.hasRtcpMux = true
    return
  }
  if (nameEnd !== at + 8) return
  for (const direction of DIRECTIONS) {
    if (!isText(direction, at)) continue
    draft.direction = direction
    return
  }
}

/** `97 opus/48000/2` */
function readMap(from: number, end: number, { maps }: Draft): void {
  const at = skipBlanks(from)
  const typeEnd = wordEnd(at, end)
  const payloadType = numberAt(at, typeEnd, 3)
  const name = skipBlanks(typeEnd)
  const encodingEnd = wordEnd(name, end)
  const nameEnd = charAt(SLASH, name, encodingEnd)
  if (payloadType < 0 || nameEnd <= name) return
  const clock = nameEnd + 1
  const clockRateHz = INPUT[clock] === ZERO ? -1 : numberAt(clock, charAt(SLASH, clock, encodingEnd), 9)
  const text = texts.text(INPUT, name, nameEnd)
  const codec = clockRateHz < 0 ? { payloadType, name: text } : { payloadType, name: text, clockRateHz }
  const known = maps.findIndex((map) => map.payloadType === payloadType)
  if (known >= 0) maps[known] = codec
  else if (maps.length < MAX_CODECS) maps.push(codec)
}

/** End of the word that begins at `at`. */
function wordEnd(from: number, end: number): number {
  let at = from | 0
  while (at < end && INPUT[at] !== SP && INPUT[at] !== TAB) at = (at + 1) | 0
  return at
}

/** Offset of the first such byte, else `end`. */
function charAt(char: number, from: number, end: number): number {
  let at = from | 0
  while (at < end && INPUT[at] !== char) at = (at + 1) | 0
  return at
}

/** True if the input has these ASCII characters at `at`. */
function isText(text: string, at: number): boolean {
  for (let i = 0; i < text.length; i++) if (INPUT[at + i] !== text.charCodeAt(i)) return false
  return true
}

/** -1 for what is no port. */
function portAt(at: number, end: number): number {
  const port = numberAt(at, end, 5)
  return port <= 0xffff ? port : -1
}

/** A number of 1 up to `digits` decimal digits that fills the range, else -1. */
function numberAt(at: number, end: number, digits: number): number {
  if (end <= at || end - at > digits) return -1
  let number = 0
  for (let i = at; i < end; i++) {
    const digit = (INPUT[i] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

function finish(draft: Draft, session: Draft): SdpMedia {
  const { type, port, transport, rtcpPort, rtcpAddress, hasRtcpMux, formats, maps } = draft
  const address = draft.address ?? session.address
  const direction = draft.direction ?? session.direction ?? 'sendrecv'
  const codecs = formats.map((payloadType) => codecOf(payloadType, maps))
  // Written out: putting an object together from parts takes as long as reading the lines.
  const media: { -readonly [K in keyof SdpMedia]: SdpMedia[K] } = {
    type,
    port,
    transport,
    hasRtcpMux,
    direction,
    codecs,
  }
  if (address !== undefined) media.address = address
  if (rtcpPort !== undefined) media.rtcpPort = rtcpPort
  if (rtcpAddress !== undefined) media.rtcpAddress = rtcpAddress
  return media
}

function codecOf(payloadType: number, maps: readonly SdpCodec[]): SdpCodec {
  for (const map of maps) if (map.payloadType === payloadType) return map
  return STATIC_CODECS[payloadType] ?? { payloadType }
}
