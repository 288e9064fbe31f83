import { contactUri, hostPort, proxyEndpoint, type Party, type Proxy } from './party.ts'
import { sipMessage, statusLine, viaLine } from './sip-text.ts'

/** The two hops of a message: from its sender to the proxy, and from there on. */
export type Hop = 'inbound' | 'onward'

/** One request on its way from a sender over the proxy to a receiver, with all that its responses repeat. */
export interface Transaction {
  readonly method: string
  readonly cseq: number
  readonly callId: string
  readonly proxy: Proxy
  readonly sender: Party
  readonly receiver: Party
  /** As the sender wrote it; on the second hop a request outside a dialog names the receiver's contact. */
  readonly requestUri: string
  /** Header value with its tag. */
  readonly from: string
  /** Header value; has a tag only inside a dialog. */
  readonly to: string
  /** Tag that the receiver adds to `to`; absent inside a dialog. */
  readonly receiverTag: string | undefined
  /** Absent if the proxy itself is the sender. */
  readonly inboundBranch: string | undefined
  readonly onwardBranch: string
  /** Route URIs of a request inside a dialog. */
  readonly routes: readonly string[]
  readonly formsDialog: boolean
  /** Header lines on both hops. */
  readonly headers: readonly string[]
  /** Header lines that the proxy takes out or puts in. */
  readonly hopHeaders: Readonly<Partial<Record<Hop, readonly string[]>>>
  readonly sdp: string | undefined
}

/** What a response says beyond its transaction. */
export interface ResponseContent {
  readonly headers?: readonly string[]
  readonly sdp?: string | undefined
  /** Contact URI in place of the receiver's own. */
  readonly contact?: string
  /** The proxy answers by itself, with this tag. */
  readonly proxyTag?: string
}

const ALLOW = 'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE'
/** Methods that set the remote target, and so whose 2xx has a Contact too. */
const TARGET_METHODS: ReadonlySet<string> = new Set(['INVITE', 'UPDATE'])
const REQUESTS_WITH_CONTACT: ReadonlySet<string> = new Set([...TARGET_METHODS, 'REGISTER', 'OPTIONS'])

/** URIs that a proxy writes into Record-Route, top first: two of them if its sides differ. */
export function recordRoutes(proxy: Proxy, inbound: Party, onward: Party): readonly string[] {
  const sides = [onward, inbound].map((party) => {
    const transport = party.transport === 'udp' ? '' : `;transport=${party.transport}`
    return `sip:${hostPort(proxyEndpoint(proxy, party))}${transport};lr`
  })
  return [...new Set(sides)]
}

export function requestText(tx: Transaction, hop: Hop): Uint8Array {
  const headers = [
    ...(hop === 'onward' && tx.formsDialog ? recordRouteLines(tx) : []),
    ...viaLines(tx, hop, 'request'),
    ...(hop === 'inbound' ? tx.routes.map((route) => `Route: <${route}>`) : []),
    `Max-Forwards: ${hop === 'inbound' || tx.inboundBranch === undefined ? 70 : 69}`,
    ...dialogLines(tx, tx.to, tx.method),
  ]
  if (REQUESTS_WITH_CONTACT.has(tx.method)) headers.push(`Contact: <${contactUri(tx.sender)}>`)
  if (tx.method === 'INVITE') headers.push(ALLOW)
  headers.push(...(tx.hopHeaders[hop] ?? []), ...tx.headers, `User-Agent: ${tx.sender.software}`)
  return sipMessage(`${tx.method} ${uriOn(tx, hop)} SIP/2.0`, headers, tx.sdp)
}

export function responseText(tx: Transaction, hop: Hop, status: number, content: ResponseContent = {}): Uint8Array {
  const isFromProxy = content.proxyTag !== undefined
  const tag = status === 100 ? undefined : (content.proxyTag ?? tx.receiverTag)
  const to = tag === undefined ? tx.to : `${tx.to};tag=${tag}`
  const hasDialogState = !isFromProxy && status > 100 && status < 300
  const headers = [
    ...viaLines(tx, hop, 'response'),
    ...(hasDialogState && tx.formsDialog ? recordRouteLines(tx) : []),
    ...dialogLines(tx, to, tx.method),
  ]
  if (content.contact !== undefined) headers.push(`Contact: <${content.contact}>`)
  else if (hasDialogState && TARGET_METHODS.has(tx.method)) headers.push(`Contact: <${contactUri(tx.receiver)}>`)
  if (tx.method === 'INVITE' && status === 200) headers.push(ALLOW)
  const software = isFromProxy ? tx.proxy.software : tx.receiver.software
  headers.push(...(content.headers ?? []), `Server: ${software}`)
  return sipMessage(statusLine(status), headers, content.sdp)
}

/**
 * ACK of a final response that is not a 2xx: of this hop only, with the branch of the INVITE.
 * @see RFC 3261 section 17.1.1.3
 */
export function failureAckText(tx: Transaction, hop: Hop, toTag: string): Uint8Array {
  // Inside a dialog `to` has its tag already.
  const to = tx.receiverTag === undefined ? tx.to : `${tx.to};tag=${toTag}`
  return hopRequestText(tx, hop, 'ACK', to)
}

/**
 * CANCEL of this hop, with branch, Request-URI and CSeq number of the INVITE.
 * @see RFC 3261 section 9.1
 */
export function cancelText(tx: Transaction, hop: Hop): Uint8Array {
  return hopRequestText(tx, hop, 'CANCEL', tx.to)
}

/** 200 of a CANCEL on this hop, by whoever got it. */
export function cancelOkText(tx: Transaction, hop: Hop, toTag: string): Uint8Array {
  const software = hop === 'inbound' ? tx.proxy.software : tx.receiver.software
  const headers = [hopVia(tx, hop, 'response'), ...dialogLines(tx, `${tx.to};tag=${toTag}`, 'CANCEL')]
  return sipMessage(statusLine(200), [...headers, `Server: ${software}`])
}

function hopRequestText(tx: Transaction, hop: Hop, method: string, to: string): Uint8Array {
  const software = hop === 'inbound' ? tx.sender.software : tx.proxy.software
  const headers = [
    hopVia(tx, hop, 'request'),
    ...(hop === 'inbound' ? tx.routes.map((route) => `Route: <${route}>`) : []),
    'Max-Forwards: 70',
    ...dialogLines(tx, to, method),
    `User-Agent: ${software}`,
  ]
  return sipMessage(`${method} ${uriOn(tx, hop)} SIP/2.0`, headers)
}

function uriOn(tx: Transaction, hop: Hop): string {
  const isTranslated = hop === 'onward' && tx.routes.length === 0 && tx.inboundBranch !== undefined
  return isTranslated ? contactUri(tx.receiver) : tx.requestUri
}

function recordRouteLines(tx: Transaction): string[] {
  return recordRoutes(tx.proxy, tx.sender, tx.receiver).map((uri) => `Record-Route: <${uri}>`)
}

function dialogLines(tx: Transaction, to: string, method: string): string[] {
  return [`From: ${tx.from}`, `To: ${to}`, `Call-ID: ${tx.callId}`, `CSeq: ${tx.cseq} ${method}`]
}

function viaLines(tx: Transaction, hop: Hop, kind: 'request' | 'response'): string[] {
  if (hop === 'inbound') return [hopVia(tx, 'inbound', kind)]
  const top = hopVia(tx, 'onward', kind)
  // The proxy has completed the sender's Via before it passes the request on.
  return tx.inboundBranch === undefined ? [top] : [top, hopVia(tx, 'inbound', 'response')]
}

/** Via of who sends requests on this hop; a response shows what its receiver has filled in. */
function hopVia(tx: Transaction, hop: Hop, kind: 'request' | 'response'): string {
  if (hop === 'onward') {
    return viaLine(tx.receiver.transport, proxyEndpoint(tx.proxy, tx.receiver), '', tx.onwardBranch)
  }
  const { transport, contact, wire } = tx.sender
  let params = ''
  if (transport === 'udp') params = kind === 'request' ? ';rport' : `;received=${wire.ip};rport=${wire.port}`
  else if (kind === 'response' && wire.ip !== contact.ip) params = `;received=${wire.ip}`
  return viaLine(transport, contact, params, tx.inboundBranch ?? tx.onwardBranch)
}
