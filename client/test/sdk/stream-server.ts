import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { WebSocket } from 'ws'
import { WebSocketServer } from './ws-package.ts'

/** One connection that the server has seen. */
export interface Session {
  readonly socket: WebSocket
  readonly query: URLSearchParams
  readonly path: string
}

/** A WebSocket server on a free port that hands its sessions to the test one by one. */
export class StreamServer {
  readonly #http: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #waiting: ((session: Session) => void)[] = []
  readonly #ready: Session[] = []
  /** Status that upgrades are refused with; 0 accepts them. */
  refuseWith = 0
  upgrades = 0

  constructor(http: Server) {
    this.#http = http
    http.on('upgrade', (request: IncomingMessage, socket, head) => {
      this.upgrades++
      if (this.refuseWith !== 0) {
        socket.end(`HTTP/1.1 ${this.refuseWith} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
        return
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const url = new URL(request.url ?? '/', 'http://localhost')
        this.#hand({ socket: webSocket, query: url.searchParams, path: url.pathname })
      })
    })
  }

  static async start(): Promise<StreamServer> {
    const http = createServer()
    const server = new StreamServer(http)
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/api/v4/stream/hep`
  }

  /** The next session, whether it has begun or is to come. */
  session(): Promise<Session> {
    const ready = this.#ready.shift()
    if (ready !== undefined) return Promise.resolve(ready)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#http.close()
    this.#http.closeAllConnections()
    await once(this.#http, 'close')
  }

  #hand(session: Session): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#ready.push(session)
    else waiting(session)
  }
}

/** Makes blocks of OPTIONS requests that a node could have sent. */
export class BlockSource {
  readonly #writer: BlockWriter

  constructor(node: string, epoch: number) {
    this.#writer = new BlockWriter({ node, epoch })
  }

  block(events: number): Uint8Array {
    for (let i = 0; i < events; i++) {
      const packet = encodeHep({
        version: 3,
        ipProtocol: 17,
        srcIp: '10.0.0.1',
        dstIp: '10.0.0.2',
        srcPort: 5060,
        dstPort: 5060,
        tsUs: 1_700_000_000_000_000 + i,
        protocolType: 1,
        agentId: 1,
        payload: new TextEncoder().encode('OPTIONS sip:a@b SIP/2.0\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n'),
      })
      this.#writer.append(packet, 0)
    }
    const block = this.#writer.seal(0)
    if (block === undefined) throw new Error('no events')
    return block.bytes
  }
}
