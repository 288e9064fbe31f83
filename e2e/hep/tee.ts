import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { decodeHep } from '@hepscope/shared/hep/decode.ts'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { Stage } from '../process/stage.ts'

/** Stands between a sender and the server: passes everything on and keeps what passed. */
export interface Tee {
  readonly port: number
  /** Each packet as it was on the wire. */
  readonly datagrams: readonly Uint8Array[]
  /** What passed, decoded. */
  packets(): readonly HepPacket[]
}

/** @param target HEP port on loopback that gets every datagram */
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
  return { port: socket.address().port, datagrams, packets: () => datagrams.map(decode) }
}

/** @param target HEP port on loopback that gets the bytes of every connection */
export async function openTcpTee(stage: Stage, target: number): Promise<Tee> {
  const datagrams: Uint8Array[] = []
  const sockets = new Set<Socket>()
  const server = createServer((inbound) => {
    const outbound = connect(target, '127.0.0.1')
    const deframer = new HepDeframer()
    inbound.on('data', (bytes) => deframer.push(bytes, (frame) => datagrams.push(Buffer.from(frame))))
    inbound.pipe(outbound)
    for (const socket of [inbound, outbound]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stage.atEnd(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { port, datagrams, packets: () => datagrams.map(decode) }
}

function decode(datagram: Uint8Array): HepPacket {
  const decoded = decodeHep(datagram)
  if (!decoded.ok) throw new Error(`the sender sent what is no HEP: ${decoded.reason}`)
  return decoded.packet
}
