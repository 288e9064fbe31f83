import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { HostPort } from '../config/address.ts'
import { descriptorOf } from './descriptor.ts'
import type { Gate } from './gate.ts'
import type { HepListener } from './hep-listener.ts'
import type { Ingest } from './ingest.ts'
import { kernelDropsOf } from './kernel-drops.ts'
import type { ListenerPlace } from './listener-place.ts'
import type { PacketSource } from './packet-source.ts'
import type { ReadPause } from './read-pause.ts'

export interface UdpLimits {
  readonly socketReceiveBufferBytes: number
}

/** @throws what `bind` reports, e.g. that the port is in use */
export async function openUdpListener(
  { host, port }: HostPort,
  ingest: Ingest,
  limits: UdpLimits,
  gate: Gate | undefined,
  { handle, pause }: ListenerPlace,
): Promise<HepListener> {
  const type = host.includes(':') ? 'udp6' : 'udp4'
  const socket = createSocket({
    type,
    ...(handle === undefined && { recvBufferSize: limits.socketReceiveBufferBytes }),
  })
  try {
    const listening = once(socket, 'listening')
    // Node takes a handle too, as when it has come from another process.
    socket.bind(handle ?? { address: host, port, exclusive: true })
    await listening
  } catch (error) {
    socket.close()
    throw error
  }
  return new UdpListener(socket, host, ingest, gate, pause)
}

/** Receives one HEP packet a datagram. */
class UdpListener implements HepListener {
  readonly transport = 'udp'
  readonly host: string
  readonly port: number
  readonly connectionCount = 0
  readonly #socket: Socket

  constructor(socket: Socket, host: string, ingest: Ingest, gate: Gate | undefined, pause: ReadPause | undefined) {
    this.#socket = socket
    this.host = host
    this.port = socket.address().port
    const source: PacketSource = { transport: 'udp', gate }
    socket.on('message', (packet: Buffer, peer: RemoteInfo) => {
      ingest.receive(packet, source, peer.address, peer.port)
      pause?.count()
    })
    // A reply that could not be delivered, e.g. ICMP port unreachable: nothing of ours is lost.
    socket.on('error', () => undefined)
  }

  get kernelDropCount(): number | undefined {
    return kernelDropsOf(this)
  }

  get descriptor(): number | undefined {
    return descriptorOf(this.#socket)
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}
