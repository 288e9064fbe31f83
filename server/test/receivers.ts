import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'

/** What was sent to a socket on this machine, as HEP packets. */
export interface Receiver {
  readonly url: string
  readonly packets: Uint8Array[]
  /** Resolves when `count` packets are there. */
  received(count: number): Promise<void>
  close(): Promise<void>
}

function collector() {
  const packets: Uint8Array[] = []
  let check = () => {}
  return {
    packets,
    add(bytes: Uint8Array) {
      packets.push(Uint8Array.from(bytes))
      check()
    },
    received(count: number) {
      return new Promise<void>((resolve) => {
        check = () => packets.length >= count && resolve()
        check()
      })
    },
  }
}

export async function receiveUdp(host = '127.0.0.1'): Promise<Receiver> {
  const { packets, add, received } = collector()
  const socket = createSocket({ type: host === '::1' ? 'udp6' : 'udp4', recvBufferSize: 4 * 1024 * 1024 })
  socket.on('message', add)
  socket.bind(0, host)
  await once(socket, 'listening')
  const close = () => new Promise<void>((resolve) => socket.close(resolve))
  const name = host === '::1' ? '[::1]' : host
  return { url: `udp://${name}:${socket.address().port}`, packets, received, close }
}

export async function receiveTcp(onConnection: (socket: Socket) => unknown = () => {}): Promise<Receiver> {
  const { packets, add, received } = collector()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const deframer = new HepDeframer()
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => deframer.push(bytes, add))
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, packets, received, close }
}
