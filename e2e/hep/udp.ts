import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { Stage } from '../process/stage.ts'

/** Sends HEP from the test itself, one packet at a time. */
export interface UdpHep {
  /** Resolves when the operating system has the packets. */
  send(...packets: readonly HepPacket[]): Promise<void>
  /** Bytes that need not be HEP. */
  sendBytes(bytes: Uint8Array): Promise<void>
}

/** @param target host and port of a HEP listener */
export async function openUdpHep(stage: Stage, target: { host: string; port: number }): Promise<UdpHep> {
  const socket = createSocket(target.host.includes(':') ? 'udp6' : 'udp4')
  socket.connect(target.port, target.host)
  await once(socket, 'connect')
  // While a server is away the system says so at the next send; that is for the test to notice elsewhere.
  socket.on('error', () => undefined)
  stage.atEnd(() => socket.close())
  const sendBytes = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => socket.send(bytes, (error) => (error === null ? resolve() : reject(error))))
  return {
    sendBytes,
    async send(...packets) {
      for (const packet of packets) await sendBytes(encodeHep(packet))
    },
  }
}
