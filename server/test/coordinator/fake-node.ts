import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** A WebSocket server that does what a test says. */
export class FakeNode {
  /** Path and query of each request. */
  readonly requests: URL[] = []
  readonly sockets: WebSocket[] = []
  readonly #server: WebSocketServer

  constructor(server: WebSocketServer, onConnection: (socket: WebSocket, request: IncomingMessage) => void) {
    this.#server = server
    server.on('connection', (socket, request) => {
      this.requests.push(new URL(request.url ?? '', 'ws://fake'))
      this.sockets.push(socket)
      onConnection(socket, request)
    })
  }

  static async start(
    onConnection: (socket: WebSocket, request: IncomingMessage) => void = () => {},
  ): Promise<FakeNode> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    return new FakeNode(server, onConnection)
  }

  get url(): URL {
    return new URL(`ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/stream`)
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}
