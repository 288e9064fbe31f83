import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { MAX_PACKET_BYTES } from '@hepscope/shared/hep/scan.ts'
import { formatHostPort, type HostPort } from '../config/address.ts'
import { ConnectionCount } from './connection-count.ts'
import { descriptorOf } from './descriptor.ts'
import type { Gate } from './gate.ts'
import type { HepListener } from './hep-listener.ts'
import type { Ingest } from './ingest.ts'
import type { ListenerPlace } from './listener-place.ts'
import type { PacketSource } from './packet-source.ts'
import { listenAt, type TcpLimits } from './tcp.ts'

const EMPTY = new Uint8Array(0)

/** @throws what `listen` reports, e.g. that the port is in use */
export async function openHttpListener(
  address: HostPort,
  ingest: Ingest,
  limits: TcpLimits,
  gate: Gate | undefined,
  place: ListenerPlace,
): Promise<HepListener> {
  const server = createServer({ requestTimeout: limits.messageTimeoutMs })
  await listenAt(server, address, place)
  const connections = new ConnectionCount(limits.maxConnections, place.shares.connections, place.thread)
  return new HttpListener(server, address.host, ingest, connections, gate)
}

/** Receives HEPv3 from what cannot open a socket: one packet a POST, or one packet a WebSocket message, on any path. */
class HttpListener implements HepListener {
  readonly transport = 'http'
  readonly host: string
  readonly port: number
  readonly kernelDropCount = undefined
  readonly #server: Server
  readonly #ingest: Ingest
  readonly #gate: Gate | undefined
  readonly #webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PACKET_BYTES, perMessageDeflate: false })
  readonly #connections: ConnectionCount

  constructor(server: Server, host: string, ingest: Ingest, connections: ConnectionCount, gate: Gate | undefined) {
    this.#server = server
    this.#connections = connections
    this.#ingest = ingest
    this.#gate = gate
    this.host = host
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => {
      if (connections.open()) socket.on('close', () => connections.close())
      else {
        const from = formatHostPort({ host: socket.remoteAddress ?? '?', port: socket.remotePort ?? 0 })
        ingest.reject('too-many-connections', 'http', from, EMPTY, 0)
        socket.destroy()
      }
    })
    server.on('request', (request, response) => void this.#post(request, response))
    server.on('upgrade', (request, socket, head) => {
      // A peer that resets now has nothing to say.
      socket.on('error', () => socket.destroy())
      if (this.#isRefused(request, 'ws')) socket.destroy()
      else this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#listen(webSocket, request))
    })
  }

  get connectionCount(): number {
    return this.#connections.total
  }

  get descriptor(): number | undefined {
    return descriptorOf(this.#server)
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const webSocket of this.#webSockets.clients) webSocket.terminate()
    this.#server.closeAllConnections()
    await closed
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { 'Content-Type': 'text/plain', Connection: status === 200 ? 'keep-alive' : 'close' })
      response.end(text)
    }
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST')
      answer(405, 'send one HEPv3 packet as the body of a POST\n')
      return
    }
    if (this.#isRefused(request, 'http')) {
      answer(403, 'this address may not send here\n')
      return
    }
    const body = await readBody(request)
    if (body === undefined) {
      this.#ingest.reject('too-large', 'http', peerOf(request), EMPTY, 0)
      answer(413, `a HEP packet has at most ${MAX_PACKET_BYTES} bytes\n`)
      return
    }
    if (this.#take(body, 'http', request)) answer(200, 'OK')
    else answer(400, 'not taken: the body must be one HEPv3 packet that this listener admits\n')
  }

  #listen(webSocket: WebSocket, request: IncomingMessage): void {
    webSocket.on('message', (message: Buffer) => this.#take(message, 'ws', request))
    // ws closes the connection with the code that says why.
    webSocket.on('error', () => this.#ingest.reject('too-large', 'ws', peerOf(request), EMPTY, 0))
  }

  #take(bytes: Uint8Array, transport: 'http' | 'ws', { socket }: IncomingMessage): boolean {
    const source: PacketSource = { transport, gate: this.#gate }
    return this.#ingest.receive(bytes, source, socket.remoteAddress ?? '', socket.remotePort ?? 0)
  }

  #isRefused(request: IncomingMessage, transport: 'http' | 'ws'): boolean {
    if (this.#gate?.allows(request.socket.remoteAddress ?? '') !== false) return false
    this.#ingest.reject('peer-not-allowed', transport, peerOf(request), EMPTY, 0)
    return true
  }
}

/** The body, or undefined if it is larger than a packet can be; the rest is then read and thrown away. */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let size = 0
    request.on('data', (piece: Buffer) => {
      size += piece.length
      if (size <= MAX_PACKET_BYTES) pieces.push(piece)
      else resolve(undefined)
    })
    request.on('end', () => resolve(Buffer.concat(pieces)))
    // The peer has gone; what it sent is no packet.
    request.on('error', () => resolve(Buffer.alloc(0)))
  })
}

function peerOf({ socket }: IncomingMessage): string {
  return formatHostPort({ host: socket.remoteAddress ?? '?', port: socket.remotePort ?? 0 })
}
