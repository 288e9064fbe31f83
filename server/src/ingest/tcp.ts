import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { formatHostPort, type HostPort } from '../config/address.ts'
import type { Gate } from './gate.ts'
import type { HepListener } from './hep-listener.ts'
import type { Ingest } from './ingest.ts'
import type { PacketSource } from './packet-source.ts'

export interface TcpLimits {
  readonly maxConnections: number
  /** How long a packet that has begun may stay incomplete. */
  readonly messageTimeoutMs: number
  /** Reads that one packet may take (`hep_max_msg_chunks`); 0: any number. */
  readonly maxMessageChunks: number
}

const EMPTY = new Uint8Array(0)

/** @throws what `listen` reports, e.g. that the port is in use */
export async function openTcpListener(
  address: HostPort,
  ingest: Ingest,
  limits: TcpLimits,
  gate: Gate | undefined,
): Promise<HepListener> {
  return openStreamListener(createServer({ noDelay: true }), 'connection', address, ingest, limits, {
    transport: 'tcp',
    gate,
  })
}

/**
 * Listen with a server whose connections carry HEPv3: TCP or TLS.
 *
 * @param connectionEvent event of the server that hands over a readable connection
 */
export async function openStreamListener(
  server: Server,
  connectionEvent: 'connection' | 'secureConnection',
  { host, port }: HostPort,
  ingest: Ingest,
  limits: TcpLimits,
  source: PacketSource,
): Promise<HepListener> {
  server.listen({ host, port, exclusive: true })
  await once(server, 'listening')
  return new StreamListener(server, connectionEvent, host, ingest, limits, source)
}

/** Receives HEPv3 packets back to back on any number of connections. */
class StreamListener implements HepListener {
  readonly transport: PacketSource['transport']
  readonly host: string
  readonly port: number
  readonly kernelDropCount = undefined
  readonly #server: Server
  readonly #connections = new Set<Socket>()

  constructor(
    server: Server,
    connectionEvent: 'connection' | 'secureConnection',
    host: string,
    ingest: Ingest,
    limits: TcpLimits,
    source: PacketSource,
  ) {
    this.#server = server
    this.transport = source.transport
    this.host = host
    this.port = (server.address() as AddressInfo).port
    // Counted before any handshake: an unfinished one holds a connection too.
    server.on('connection', (socket: Socket) => {
      const refusal = this.#refusal(socket, limits, source.gate)
      if (refusal !== undefined) {
        ingest.reject(refusal, source.transport, peerOf(socket), EMPTY, 0)
        socket.destroy()
        return
      }
      this.#connections.add(socket)
      socket.on('close', () => this.#connections.delete(socket))
    })
    server.on(connectionEvent, (socket: Socket) => {
      if (!socket.destroyed) receive(socket, ingest, limits, source)
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

  #refusal(
    socket: Socket,
    limits: TcpLimits,
    gate: Gate | undefined,
  ): 'too-many-connections' | 'peer-not-allowed' | undefined {
    if (this.#connections.size >= limits.maxConnections) return 'too-many-connections'
    return gate?.allows(socket.remoteAddress ?? '') === false ? 'peer-not-allowed' : undefined
  }
}

function receive(socket: Socket, ingest: Ingest, limits: TcpLimits, source: PacketSource): void {
  const { transport } = source
  const deframer = new HepDeframer()
  const from = peerOf(socket)
  const address = socket.remoteAddress ?? ''
  const port = socket.remotePort ?? 0
  let timer: NodeJS.Timeout | undefined
  let chunkCount = 0
  const onPacket = (packet: Uint8Array): void => {
    chunkCount = 0
    ingest.receive(packet, source, address, port)
  }
  const end = (reason: 'message-timeout', pendingBytes: number): void => {
    ingest.reject(reason, transport, from, EMPTY, pendingBytes)
    socket.destroy()
  }
  socket.on('data', (piece) => {
    clearTimeout(timer)
    const fault = deframer.push(piece, onPacket)
    if (fault !== undefined) {
      // After a bad header the length cannot be trusted, so nothing behind it can be either.
      ingest.reject(fault, transport, from, piece, 0)
      socket.destroy()
    } else if (deframer.pendingBytes > 0) {
      chunkCount++
      if (limits.maxMessageChunks > 0 && chunkCount > limits.maxMessageChunks)
        end('message-timeout', deframer.pendingBytes)
      else timer = setTimeout(() => end('message-timeout', deframer.pendingBytes), limits.messageTimeoutMs)
    }
  })
  socket.on('end', () => {
    if (deframer.pendingBytes > 0 && deframer.fault === undefined) {
      ingest.reject('incomplete', transport, from, EMPTY, deframer.pendingBytes)
    }
  })
  socket.on('close', () => clearTimeout(timer))
  // A reset connection ends like a closed one; 'close' follows.
  socket.on('error', () => undefined)
}

function peerOf(socket: Socket): string {
  return formatHostPort({ host: socket.remoteAddress ?? '?', port: socket.remotePort ?? 0 })
}
