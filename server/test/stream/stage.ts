import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { Broker, type BrokerOptions } from '../../src/stream/broker.ts'
import { type EndpointPolicy, StreamEndpoint } from '../../src/stream/endpoint.ts'
import type { Grant } from '../../src/stream/request.ts'

const PATH = '/stream'
const BROKER: BrokerOptions = {
  bufferEvents: 10_000,
  bufferBytes: 1 << 26,
  maxSubscribers: 2000,
  keepsPayload: true,
}
const GRANT: Grant = {
  node: 'test',
  epoch: 7,
  historyLimit: 10_000,
  defaultHistory: 0,
  allowsPayload: true,
  limits: { queueLength: 256, ratePerSec: 0 },
}
const REFUSAL = { status: 503, contentType: 'text/plain', body: 'refused' } as const

export interface StageOptions {
  readonly broker?: Partial<BrokerOptions>
  readonly grant?: Partial<Grant>
  readonly maxBufferedBytes?: number
}

/** A stream on a port of its own, with all its real parts, that everybody may watch; gone at the end of the test. */
export class Stage {
  readonly broker: Broker
  readonly endpoint: StreamEndpoint
  readonly port: number

  constructor(broker: Broker, endpoint: StreamEndpoint, port: number) {
    this.broker = broker
    this.endpoint = endpoint
    this.port = port
  }

  static async open(options: StageOptions = {}): Promise<Stage> {
    const broker = new Broker({ ...BROKER, ...options.broker })
    const policy: EndpointPolicy = {
      path: PATH,
      broker,
      refuseOff: REFUSAL,
      refuseFull: REFUSAL,
      refuseFaults: () => REFUSAL,
      admit: () => Promise.resolve({ ok: true, grant: { ...GRANT, ...options.grant } }),
    }
    const server = createServer()
    const endpoint = new StreamEndpoint(server, policy, pino({ level: 'silent' }), options.maxBufferedBytes)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      await endpoint.close(100)
      server.close()
      server.closeAllConnections()
    })
    return new Stage(broker, endpoint, (server.address() as AddressInfo).port)
  }

  /** A viewer as programs are: it reads, and answers pings. */
  async watch(
    query: string,
    onMessage: (data: Buffer, isBinary: boolean) => void = () => undefined,
  ): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${PATH}?${query}`)
    socket.on('message', onMessage)
    await once(socket, 'open')
    return socket
  }

  /** A viewer that stops once it is connected: it neither reads nor answers. */
  async watchAsleep(query: string): Promise<Socket> {
    const socket = connect(this.port, '127.0.0.1')
    socket.on('error', () => socket.destroy())
    socket.write(
      `GET ${PATH}?${query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    await once(socket, 'readable')
    const [head] = (socket.read() as Buffer).toString('latin1').split('\r\n')
    if (head !== 'HTTP/1.1 101 Switching Protocols') throw new Error(`no stream: ${head}`)
    onTestFinished(() => void socket.destroy())
    return socket
  }
}
