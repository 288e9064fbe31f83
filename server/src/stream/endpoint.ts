import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { formatFilter, parseFlag } from '@hepscope/shared/filter/filter.ts'
import { formatHostPort } from '../config/address.ts'
import type { Logger } from '../log.ts'
import type { Broker, SubscribeRequest } from './broker.ts'
import { type Grant, requestFaults, streamRequest } from './request.ts'
import { type Viewer, Viewers } from './viewers.ts'

/** Viewers have nothing to say; more than this in one message is refused (1009). */
const MAX_INBOUND_BYTES = 4096

/** Answer to an upgrade that is refused: what a plain HTTP client can read. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 503
  readonly contentType: string
  readonly body: string
}

/** Somebody who is let in by name, for as long as it holds. */
export interface Pass {
  readonly username: string
  /** Asked every second; false ends the stream. Never throws. */
  readonly isCurrent: () => boolean
}

export type Admission =
  { readonly ok: true; readonly grant: Grant; readonly pass?: Pass } | { readonly ok: false; readonly refusal: Refusal }

export interface EndpointPolicy {
  readonly path: string
  /** Undefined where the stream is switched off. */
  readonly broker: Broker | undefined
  readonly refuseOff: Refusal
  readonly refuseFull: Refusal
  admit(request: IncomingMessage, query: URLSearchParams): Promise<Admission>
  /** Answer to a strict request with values that mean nothing. */
  refuseFaults(faults: readonly { parameter: string; message: string; at?: number }[]): Refusal
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
  readonly #viewers: Viewers | undefined
  #lastId = 0

  /** @param maxBufferedBytes what may wait in the sockets of all viewers together */
  constructor(server: Server, policy: EndpointPolicy, log: Logger, maxBufferedBytes?: number) {
    this.#policy = policy
    this.#log = log
    this.#viewers = policy.broker && new Viewers(policy.broker, maxBufferedBytes)
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // A peer that resets while we decide is not our fault.
      socket.on('error', () => socket.destroy())
      void this.#upgrade(request, socket, head)
    })
  }

  get path(): string {
    return this.#policy.path
  }

  get broker(): Broker | undefined {
    return this.#policy.broker
  }

  get viewers(): readonly Viewer[] {
    return this.#viewers?.list ?? []
  }

  /** Viewers that were ended because all of them together held too much. */
  get overloadCount(): number {
    return this.#viewers?.overloadCount ?? 0
  }

  /** Tell every viewer to go; resolves when they have, or after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    await this.#viewers?.close(timeoutMs)
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { broker, path, refuseOff, refuseFull } = this.#policy
    const url = URL.parse(request.url ?? '/', 'http://host')
    if (url?.pathname !== path) {
      refuse(socket, { status: 404, contentType: 'text/plain', body: `no stream here; it is at ${path}\n` })
      return
    }
    const admission = await this.#policy.admit(request, url.searchParams)
    const faults = parseFlag(url.searchParams.get('strict')) ? requestFaults(url.searchParams) : []
    if (!admission.ok) refuse(socket, admission.refusal)
    else if (broker === undefined) refuse(socket, refuseOff)
    else if (faults.length > 0) refuse(socket, this.#policy.refuseFaults(faults))
    else if (broker.isFull) refuse(socket, refuseFull)
    else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        const remote = formatHostPort({
          host: request.socket.remoteAddress ?? '',
          port: request.socket.remotePort ?? 0,
        })
        const asked = streamRequest(url.searchParams, admission.grant)
        this.#stream({ webSocket, socket, broker, remote, request: asked, pass: admission.pass })
      })
    }
  }

  #stream({ webSocket, socket, broker, remote, request, pass }: Opening): void {
    // Whole frames go past ws straight to its socket: they were made once for all viewers of this filter.
    const subscription = broker.subscribe(request, {
      get bufferedBytes() {
        return socket.writableLength
      },
      write: (pieces) => {
        if (webSocket.readyState !== webSocket.OPEN) return
        if (pieces.length > 1) socket.cork()
        for (const piece of pieces) socket.write(piece)
        if (pieces.length > 1) socket.uncork()
      },
    })
    const viewer: Viewer = {
      id: ++this.#lastId,
      socket: webSocket,
      subscription,
      remote,
      username: pass?.username,
      filter: formatFilter(request.filter),
      format: request.format,
      withPayload: request.withPayload,
      connectedMs: Date.now(),
      isCurrent: pass?.isCurrent ?? (() => true),
      missedPongs: 0,
    }
    this.#viewers?.add(viewer)
    if (request.withPayload) {
      this.#log.info({ user: viewer.username, remote, filter: viewer.filter }, 'payloads are streamed to a viewer')
    }
    socket.on('drain', () => broker.resume(subscription))
    // ws has closed the connection by then; 'close' follows.
    webSocket.on('error', (error) => this.#log.debug({ err: error }, 'viewer connection failed'))
    webSocket.on('close', () => {
      broker.unsubscribe(subscription)
      this.#viewers?.delete(viewer)
    })
  }
}

interface Opening {
  readonly webSocket: WebSocket
  readonly socket: Duplex
  readonly broker: Broker
  readonly remote: string
  readonly request: SubscribeRequest
  readonly pass: Pass | undefined
}

function refuse(socket: Duplex, { status, contentType, body }: Refusal): void {
  const reason = {
    400: 'Bad Request',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'Not Found',
    503: 'Service Unavailable',
  }[status]
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${contentType}; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
