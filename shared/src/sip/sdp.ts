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
const LF = 0x0a
const CR = 0x0d

const utf8 = new TextDecoder()

const DIRECTIONS: ReadonlySet<string> = new Set(['sendrecv', 'sendonly', 'recvonly', 'inactive'])

/** Static payload types that are in use. @see RFC 3551 section 6 */
const STATIC_CODECS: ReadonlyMap<number, { readonly name: string; readonly clockRateHz: number }> = new Map([
  [0, { name: 'PCMU', clockRateHz: 8000 }],
  [3, { name: 'GSM', clockRateHz: 8000 }],
  [4, { name: 'G723', clockRateHz: 8000 }],
  [8, { name: 'PCMA', clockRateHz: 8000 }],
  // G.722 samples at 16 kHz; its RTP clock has been 8 kHz by mistake ever since.
  [9, { name: 'G722', clockRateHz: 8000 }],
  [10, { name: 'L16', clockRateHz: 44100 }],
  [11, { name: 'L16', clockRateHz: 44100 }],
  [13, { name: 'CN', clockRateHz: 8000 }],
  [15, { name: 'G728', clockRateHz: 8000 }],
  [18, { name: 'G729', clockRateHz: 8000 }],
  [26, { name: 'JPEG', clockRateHz: 90000 }],
  [31, { name: 'H261', clockRateHz: 90000 }],
  [34, { name: 'H263', clockRateHz: 90000 }],
])

interface Draft {
  readonly type: string
  readonly port: number
  readonly transport: string
  readonly formats: readonly string[]
  readonly maps: Map<number, { readonly name: string; readonly clockRateHz?: number }>
  address: string | undefined
  rtcpPort: number | undefined
  rtcpAddress: string | undefined
  hasRtcpMux: boolean
  direction: SdpDirection | undefined
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
  const session = newDraft('', 0, '', [])
  const media: Draft[] = []
  let current = session
  for (const line of text.split('\n', MAX_LINES)) {
    const isMedia = line.startsWith('m=')
    if (!isMedia && !line.startsWith('c=') && !line.startsWith('a=')) continue
    const value = line.slice(2).trim()
    if (isMedia) {
      const draft = readMedia(value)
      if (draft === undefined || media.length >= MAX_MEDIA) break
      media.push(draft)
      current = draft
    } else if (line.startsWith('c=')) {
      current.address = addressOf(value) ?? current.address
    } else {
      readAttribute(value, current)
    }
  }
  return { media: media.map((draft) => finish(draft, session)) }
}

function newDraft(type: string, port: number, transport: string, formats: readonly string[]): Draft {
  return {
    type,
    port,
    transport,
    formats,
    maps: new Map(),
    address: undefined,
    rtcpPort: undefined,
    rtcpAddress: undefined,
    hasRtcpMux: false,
    direction: undefined,
  }
}

/** `audio 49170/2 RTP/AVP 0 8 101` */
function readMedia(value: string): Draft | undefined {
  const [type = '', port = '', transport = '', ...formats] = value.split(/\s+/, MAX_CODECS + 3)
  const number = portOf(port.split('/')[0])
  return number === undefined || transport === '' ? undefined : newDraft(type, number, transport, formats)
}

/** `IN IP4 192.0.2.1/127` */
function addressOf(value: string): string | undefined {
  const [network, , address] = value.split(/\s+/, 4)
  return network === 'IN' && address !== undefined ? address.split('/')[0] : undefined
}

function readAttribute(value: string, draft: Draft): void {
  const colon = value.indexOf(':')
  const name = colon < 0 ? value : value.slice(0, colon)
  const rest = colon < 0 ? '' : value.slice(colon + 1).trim()
  if (DIRECTIONS.has(name)) draft.direction = name as SdpDirection
  else if (name === 'rtcp-mux') draft.hasRtcpMux = true
  else if (name === 'rtcp') {
    const [port, ...address] = rest.split(/\s+/, 4)
    draft.rtcpPort = portOf(port)
    draft.rtcpAddress = addressOf(address.join(' '))
  } else if (name === 'rtpmap' && draft.maps.size < MAX_CODECS) {
    const [payloadType = '', encoding = ''] = rest.split(/\s+/, 2)
    const [codec = '', clock = ''] = encoding.split('/', 2)
    if (!/^\d{1,3}$/.test(payloadType) || codec === '') return
    const hasClock = /^[1-9]\d{0,8}$/.test(clock)
    draft.maps.set(Number(payloadType), { name: codec, ...(hasClock && { clockRateHz: Number(clock) }) })
  }
}

function portOf(text: string | undefined): number | undefined {
  const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : NaN
  return port <= 0xffff ? port : undefined
}

function finish(draft: Draft, session: Draft): SdpMedia {
  const address = draft.address ?? session.address
  return {
    type: draft.type,
    port: draft.port,
    transport: draft.transport,
    ...(address !== undefined && { address }),
    ...(draft.rtcpPort !== undefined && { rtcpPort: draft.rtcpPort }),
    ...(draft.rtcpAddress !== undefined && { rtcpAddress: draft.rtcpAddress }),
    hasRtcpMux: draft.hasRtcpMux,
    direction: draft.direction ?? session.direction ?? 'sendrecv',
    codecs: draft.formats.filter((format) => /^\d{1,3}$/.test(format)).map((format) => codecOf(Number(format), draft)),
  }
}

function codecOf(payloadType: number, draft: Draft): SdpCodec {
  return { payloadType, ...(draft.maps.get(payloadType) ?? STATIC_CODECS.get(payloadType)) }
}

/**
 * Find the session description in a SIP message, also as a part of a multipart body.
 *
 * @param message a SIP message, or SDP alone
 * @returns the description, or undefined if no line behind the headers begins one
 */
export function sdpOfMessage(message: Uint8Array): Sdp | undefined {
  const from = startsSdp(message, 0) ? 0 : bodyAt(message)
  let at = from
  while (!startsSdp(message, at)) {
    const lf = message.indexOf(LF, at)
    if (lf === -1) return undefined
    at = lf + 1
  }
  return parseSdp(utf8.decode(sdpPart(message, at)))
}

/** `v=0`, the first line of every description. */
function startsSdp(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x76 && bytes[at + 1] === 0x3d && bytes[at + 2] === 0x30
}

/** Offset behind the first empty line. */
function bodyAt(bytes: Uint8Array): number {
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (bytes[lf + 1] === LF) return lf + 2
    if (bytes[lf + 1] === CR && bytes[lf + 2] === LF) return lf + 3
  }
  return bytes.length
}

/** Up to the boundary of a multipart body: no line of SDP begins with `--`. */
function sdpPart(bytes: Uint8Array, at: number): Uint8Array {
  for (let lf = bytes.indexOf(LF, at); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (bytes[lf + 1] === 0x2d && bytes[lf + 2] === 0x2d) return bytes.subarray(at, lf + 1)
  }
  return bytes.subarray(at)
}
