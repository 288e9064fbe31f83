import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { Stage } from '../process/stage.ts'

/** Stands between a sender and the server: passes every datagram on and keeps what passed. */
export interface Tee {
  readonly port: number
  readonly datagrams: readonly Uint8Array[]
  /** What passed, decoded. */
  packets(): readonly HepPacket[]
}

/** @param target HEP port on loopback that gets everything */
export async function openTee(stage: Stage, target: number): Promise<Tee> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  const datagrams: Uint8Array[] = []
  socket.on('message', (datagram) => {
    datagrams.push(datagram)
    socket.send(datagram, target, '127.0.0.1')
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  stage.atEnd(() => socket.close())
  return {
    port: socket.address().port,
    datagrams,
    packets: () =>
      datagrams.map((datagram) => {
        const decoded = decodeHep(datagram)
        if (!decoded.ok) throw new Error(`the sender sent what is no HEP: ${decoded.reason}`)
        return decoded.packet
      }),
  }
}
