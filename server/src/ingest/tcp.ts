import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { formatHostPort, type HostPort } from '../config/address.ts'
import { ConnectionCount } from './connection-count.ts'
import { descriptorOf } from './descriptor.ts'
import type { Gate } from './gate.ts'
import type { HepListener } from './hep-listener.ts'
import type { Ingest } from './ingest.ts'
import type { ListenerPlace } from './listener-place.ts'
import type { PacketSource } from './packet-source.ts'

export interface TcpLimits {
  readonly maxConnections: number
  /** How long a packet that has begun may stay incomplete. */
  readonly messageTimeoutMs: number
  /** Reads that one packet may take (`hep_max_msg_chunks`); 0: any number. */
  readonly maxMessageChunks: number
  /** After a bad header search for the next packet instead of closing the connection. */
  readonly scan: boolean
}

const EMPTY = new Uint8Array(0)

/** @throws what `listen` reports, e.g. that the port is in use */
export async function openTcpListener(
  address: HostPort,
  ingest: Ingest,
  limits: TcpLimits,
  gate: Gate | undefined,
  place: ListenerPlace,
): Promise<HepListener> {
  return openStreamListener(createServer({ noDelay: true }), 'connection', address, ingest, limits, place, {
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
  address: HostPort,
  ingest: Ingest,
  limits: TcpLimits,
  place: ListenerPlace,
  source: PacketSource,
): Promise<HepListener> {
  await listenAt(server, address, place)
  const connections = new ConnectionCount(limits.maxConnections, place.shares.connections, place.thread)
  return new StreamListener(server, connectionEvent, address.host, ingest, limits, connections, source)
}

/** Listen on an address, or on the socket that another thread has opened there. */
export async function listenAt(server: Server, { host, port }: HostPort, { handle }: ListenerPlace): Promise<void> {
  const listening = once(server, 'listening')
  server.listen(handle ?? { host, port, exclusive: true })
  await listening
}

/** Receives HEPv3 packets back to back on any number of connections. */
class StreamListener implements HepListener {
  readonly transport: PacketSource['transport']
  readonly host: string
  readonly port: number
  readonly kernelDropCount = undefined
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #connections: ConnectionCount

  constructor(
    server: Server,
    connectionEvent: 'connection' | 'secureConnection',
    host: string,
    ingest: Ingest,
    limits: TcpLimits,
    connections: ConnectionCount,
    source: PacketSource,
  ) {
    this.#server = server
    this.#connections = connections
    this.transport = source.transport
    this.host = host
    this.port = (server.address() as AddressInfo).port
    // Counted before any handshake: an unfinished one holds a connection too.
    server.on('connection', (socket: Socket) => {
      const refusal = this.#refusal(socket, source.gate)
      if (refusal !== undefined) {
        ingest.reject(refusal, source.transport, peerOf(socket), EMPTY, 0)
        socket.destroy()
        return
      }
      this.#sockets.add(socket)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        connections.close()
      })
    })
    server.on(connectionEvent, (socket: Socket) => {
      if (!socket.destroyed) receive(socket, ingest, limits, source)
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
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Counts the connection if it is not refused. */
  #refusal(socket: Socket, gate: Gate | undefined): 'too-many-connections' | 'peer-not-allowed' | undefined {
    if (gate?.allows(socket.remoteAddress ?? '') === false) return 'peer-not-allowed'
    return this.#connections.open() ? undefined : 'too-many-connections'
  }
}

function receive(socket: Socket, ingest: Ingest, limits: TcpLimits, source: PacketSource): void {
  const { transport } = source
  const deframer = new HepDeframer({ scan: limits.scan })
  const from = peerOf(socket)
  const address = socket.remoteAddress ?? ''
  const port = socket.remotePort ?? 0
  let chunkCount = 0
  let lossCount = 0
  let skippedBytes = 0
  const onPacket = (packet: Uint8Array): void => {
    chunkCount = 0
    ingest.receive(packet, source, address, port)
  }
  const end = (reason: 'message-timeout' | 'too-many-reads', pendingBytes: number): void => {
    ingest.reject(reason, transport, from, EMPTY, pendingBytes)
    socket.destroy()
  }
  // One timer for the whole connection: to make and to end one for each read costs more than to move it.
  const timer = setTimeout(() => {
    if (deframer.pendingBytes > 0) end('message-timeout', deframer.pendingBytes)
  }, limits.messageTimeoutMs)
  socket.on('data', (piece) => {
    timer.refresh()
    const fault = deframer.push(piece, onPacket)
    if (deframer.skippedBytes !== skippedBytes) {
      ingest.skipBytes(deframer.skippedBytes - skippedBytes)
      skippedBytes = deframer.skippedBytes
    }
    if (deframer.lossCount !== lossCount) {
      lossCount = deframer.lossCount
      if (fault === undefined) ingest.reject('out-of-step', transport, from, piece, 0)
    }
    if (fault !== undefined) {
      // After a bad header the length cannot be trusted, so nothing behind it can be either.
      ingest.reject(fault, transport, from, piece, 0)
      socket.destroy()
    } else if (deframer.pendingBytes > 0) {
      chunkCount++
      if (limits.maxMessageChunks > 0 && chunkCount > limits.maxMessageChunks) {
        end('too-many-reads', deframer.pendingBytes)
      }
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
