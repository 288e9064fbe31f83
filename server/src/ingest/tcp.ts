import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { formatHostPort, type HostPort } from '../config/address.ts'
import type { Ingest } from './ingest.ts'
import type { HepListener } from './hep-listener.ts'

export interface TcpLimits {
  readonly maxConnections: number
  /** How long a packet that has begun may stay incomplete. */
  readonly messageTimeoutMs: number
}

const EMPTY = new Uint8Array(0)

/** @throws what `listen` reports, e.g. that the port is in use */
export async function openTcpListener(
  { host, port }: HostPort,
  ingest: Ingest,
  limits: TcpLimits,
): Promise<HepListener> {
  const server = createServer({ noDelay: true })
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
  return new TcpListener(server, host, ingest, limits)
}

/** Receives HEPv3 packets back to back on any number of connections. */
class TcpListener implements HepListener {
  readonly transport = 'tcp'
  readonly host: string
  readonly port: number
  readonly kernelDropCount = undefined
  readonly #server: Server
  readonly #connections = new Set<Socket>()

  constructor(server: Server, host: string, ingest: Ingest, limits: TcpLimits) {
    this.#server = server
    this.host = host
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (socket) => {
      if (this.#connections.size >= limits.maxConnections) {
        ingest.reject('too-many-connections', 'tcp', peerOf(socket), EMPTY, 0)
        socket.destroy()
        return
      }
      this.#connections.add(socket)
      socket.on('close', () => this.#connections.delete(socket))
      receive(socket, ingest, limits)
    })
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#connections) socket.destroy()
    await closed
  }
}

function receive(socket: Socket, ingest: Ingest, limits: TcpLimits): void {
  const deframer = new HepDeframer()
  const from = peerOf(socket)
  const peer = (): string => from
  let timer: NodeJS.Timeout | undefined
  const onPacket = (packet: Uint8Array): void => ingest.receive(packet, 'tcp', peer)
  socket.on('data', (piece) => {
    clearTimeout(timer)
    const fault = deframer.push(piece, onPacket)
    if (fault !== undefined) {
      // After a bad header the length cannot be trusted, so nothing behind it can be either.
      ingest.reject(fault, 'tcp', from, piece, 0)
      socket.destroy()
    } else if (deframer.pendingBytes > 0) {
      timer = setTimeout(() => {
        ingest.reject('message-timeout', 'tcp', from, EMPTY, deframer.pendingBytes)
        socket.destroy()
      }, limits.messageTimeoutMs)
    }
  })
  socket.on('end', () => {
    if (deframer.pendingBytes > 0 && deframer.fault === undefined) {
      ingest.reject('incomplete', 'tcp', from, EMPTY, deframer.pendingBytes)
    }
  })
  socket.on('close', () => clearTimeout(timer))
  // A reset connection ends like a closed one; 'close' follows.
  socket.on('error', () => undefined)
}

function peerOf(socket: Socket): string {
  return formatHostPort({ host: socket.remoteAddress ?? '?', port: socket.remotePort ?? 0 })
}
