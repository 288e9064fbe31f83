import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { HostPort } from '../config/address.ts'
import type { Gate } from './gate.ts'
import type { HepListener } from './hep-listener.ts'
import type { Ingest } from './ingest.ts'
import type { PacketSource } from './packet-source.ts'

export interface UdpLimits {
  readonly socketReceiveBufferBytes: number
}

/** @throws what `bind` reports, e.g. that the port is in use */
export async function openUdpListener(
  { host, port }: HostPort,
  ingest: Ingest,
  limits: UdpLimits,
  gate: Gate | undefined,
): Promise<HepListener> {
  const isIpv6 = host.includes(':')
  const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', recvBufferSize: limits.socketReceiveBufferBytes })
  try {
    socket.bind({ address: host, port, exclusive: true })
    await once(socket, 'listening')
  } catch (error) {
    socket.close()
    throw error
  }
  return new UdpListener(socket, host, isIpv6, ingest, gate)
}

/** Receives one HEP packet a datagram. */
class UdpListener implements HepListener {
  readonly transport = 'udp'
  readonly host: string
  readonly port: number
  readonly connectionCount = 0
  readonly #socket: Socket
  readonly #isIpv6: boolean

  constructor(socket: Socket, host: string, isIpv6: boolean, ingest: Ingest, gate: Gate | undefined) {
    this.#socket = socket
    this.#isIpv6 = isIpv6
    this.host = host
    this.port = socket.address().port
    const source: PacketSource = { transport: 'udp', gate }
    socket.on('message', (packet: Buffer, peer: RemoteInfo) => {
      ingest.receive(packet, source, peer.address, peer.port)
    })
    // A reply that could not be delivered, e.g. ICMP port unreachable: nothing of ours is lost.
    socket.on('error', () => undefined)
  }

  /** @see proc(5), /proc/net/udp: the last column is `drops` */
  get kernelDropCount(): number | undefined {
    let table: string
    try {
      table = readFileSync(`/proc/net/udp${this.#isIpv6 ? '6' : ''}`, 'utf8')
    } catch {
      return undefined
    }
    const port = `:${this.port.toString(16).toUpperCase().padStart(4, '0')}`
    for (const line of table.split('\n')) {
      const columns = line.trim().split(/\s+/)
      if (columns[1]?.endsWith(port) === true) return Number(columns.at(-1))
    }
    return undefined
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await closed
  }
}
