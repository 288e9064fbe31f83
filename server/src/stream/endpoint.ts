import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { parseFilter, parseFlag } from '@hepscope/shared/filter/filter.ts'
import type { Session } from '../auth/sessions.ts'
import type { Logger } from '../log.ts'
import type { Broker, StreamPosition, SubscribeRequest } from './broker.ts'
import type { Subscription } from './subscription.ts'

/** Close codes of the stream (RFC 6455 section 7.4; 4401 is ours). */
const CLOSE = { goingAway: 1001, tokenEnded: 4401 } as const
const PING_INTERVAL_MS = 30_000
const MAX_MISSED_PONGS = 2
/** Viewers have nothing to say; more than this in one message is refused (1009). */
const MAX_INBOUND_BYTES = 4096
/** Longest time that a timer can count. */
const MAX_TIMER_MS = 0x7fffffff

/** Answer to an upgrade that is refused: what a plain HTTP client can read. */
export interface Refusal {
  readonly status: 401 | 403 | 404 | 503
  readonly contentType: string
  readonly body: string
}

export type Admission =
  { readonly ok: true; readonly session?: Session } | { readonly ok: false; readonly refusal: Refusal }

export interface EndpointPolicy {
  readonly path: string
  /** Undefined where the stream is switched off. */
  readonly broker: Broker | undefined
  /** Most past events that a viewer may ask for. */
  readonly historyLimit: number
  readonly refuseOff: Refusal
  readonly refuseFull: Refusal
  admit(request: IncomingMessage, query: URLSearchParams): Promise<Admission>
  /** Whether this viewer may see payloads, should it ask for them. */
  allowsPayload(session: Session | undefined): boolean
}

interface Viewer {
  readonly socket: WebSocket
  readonly jti: string | undefined
  missedPongs: number
}

/** Serves the live stream on one path of one HTTP server: `/stream` of the node, `/api/v4/stream/hep` of the coordinator. */
export class StreamEndpoint {
  readonly #policy: EndpointPolicy
  readonly #log: Logger
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_INBOUND_BYTES,
    clientTracking: false,
  })
  readonly #viewers = new Set<Viewer>()
  readonly #pings: NodeJS.Timeout

  constructor(server: Server, policy: EndpointPolicy, log: Logger) {
    this.#policy = policy
    this.#log = log
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // A peer that resets while we decide is not our fault.
      socket.on('error', () => socket.destroy())
      void this.#upgrade(request, socket, head)
    })
    this.#pings = setInterval(() => this.#ping(), PING_INTERVAL_MS)
    this.#pings.unref()
  }

  /** End the streams of a session that was ended. */
  endSession(jti: string): void {
    for (const viewer of this.#viewers) {
      if (viewer.jti === jti) viewer.socket.close(CLOSE.tokenEnded, 'session ended')
    }
  }

  /** Tell every viewer to go; resolves when they have, or after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    clearInterval(this.#pings)
    const gone = [...this.#viewers].map(({ socket }) => {
      socket.close(CLOSE.goingAway, 'server is going away')
      return once(socket, 'close')
    })
    const timeout = new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())
    await Promise.race([Promise.all(gone), timeout])
    for (const { socket } of this.#viewers) socket.terminate()
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { broker, path, refuseOff, refuseFull } = this.#policy
    const url = URL.parse(request.url ?? '/', 'http://host')
    if (url?.pathname !== path) {
      refuse(socket, { status: 404, contentType: 'text/plain', body: `no stream here; it is at ${path}\n` })
      return
    }
    const admission = await this.#policy.admit(request, url.searchParams)
    if (!admission.ok) refuse(socket, admission.refusal)
    else if (broker === undefined) refuse(socket, refuseOff)
    else if (broker.isFull) refuse(socket, refuseFull)
    else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#stream(webSocket, socket, broker, this.#request(url.searchParams, admission.session), admission.session)
      })
    }
  }

  #request(query: URLSearchParams, session: Session | undefined): SubscribeRequest {
    const since = parsePosition(query.get('since'))
    return {
      filter: parseFilter(query),
      format: query.get('format') === 'block' ? 'block' : 'json',
      withPayload: parseFlag(query.get('include_payload')) && this.#policy.allowsPayload(session),
      history: Math.min(parseCount(query.get('history')), this.#policy.historyLimit),
      ...(since !== undefined && { since }),
    }
  }

  #stream(webSocket: WebSocket, socket: Duplex, broker: Broker, request: SubscribeRequest, session?: Session): void {
    const viewer: Viewer = { socket: webSocket, jti: session?.jti, missedPongs: 0 }
    this.#viewers.add(viewer)
    // Whole frames go past ws straight to its socket: they were made once for all viewers of this filter.
    const subscription: Subscription = broker.subscribe(request, {
      get bufferedBytes() {
        return socket.writableLength
      },
      write: (pieces) => {
        if (webSocket.readyState !== webSocket.OPEN) return
        socket.cork()
        for (const piece of pieces) socket.write(piece)
        socket.uncork()
      },
    })
    socket.on('drain', () => broker.resume(subscription))
    const expiry = session === undefined ? undefined : endAt(session.expiresAt, webSocket)
    webSocket.on('pong', () => (viewer.missedPongs = 0))
    // ws has closed the connection by then; 'close' follows.
    webSocket.on('error', (error) => this.#log.debug({ err: error }, 'viewer connection failed'))
    webSocket.on('close', () => {
      clearTimeout(expiry)
      broker.unsubscribe(subscription)
      this.#viewers.delete(viewer)
    })
  }

  #ping(): void {
    for (const viewer of this.#viewers) {
      if (viewer.missedPongs >= MAX_MISSED_PONGS) viewer.socket.terminate()
      else {
        viewer.missedPongs++
        viewer.socket.ping()
      }
    }
  }
}

function endAt(expiresAtSeconds: number, webSocket: WebSocket): NodeJS.Timeout {
  const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, expiresAtSeconds * 1000 - Date.now()))
  return setTimeout(() => webSocket.close(CLOSE.tokenEnded, 'token expired'), delayMs).unref()
}

function refuse(socket: Duplex, { status, contentType, body }: Refusal): void {
  const reason = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' }[status]
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${contentType}; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** A decimal number; anything else counts as 0, as in the original. */
function parseCount(text: string | null): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : 0
}

/** `EPOCH:SEQ`; undefined if absent or malformed. */
function parsePosition(text: string | null): StreamPosition | undefined {
  const parts = /^(\d{1,16}):(\d{1,16})$/.exec(text ?? '')
  return parts === null ? undefined : { epoch: Number(parts[1]), seq: Number(parts[2]) }
}
