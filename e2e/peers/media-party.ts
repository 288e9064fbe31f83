import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { LoopbackHost } from '../process/loopback-port.ts'
import type { Stage } from '../process/stage.ts'

const RTP_HEADER_BYTES = 12
const SAMPLES = 160

/** One end of a call's audio: PCMU, RTP on an even port and RTCP on the next. */
export class MediaParty {
  readonly ssrc: number
  readonly host: LoopbackHost
  readonly port: number
  /** What came, as it came. */
  readonly rtp: Buffer[] = []
  readonly rtcp: Buffer[] = []
  readonly #sockets: readonly [rtp: Socket, rtcp: Socket]
  #sequence = 0

  constructor(ssrc: number, host: LoopbackHost, sockets: readonly [Socket, Socket]) {
    this.ssrc = ssrc
    this.host = host
    this.#sockets = sockets
    this.port = sockets[0].address().port
    sockets[0].on('message', (bytes) => this.rtp.push(bytes))
    sockets[1].on('message', (bytes) => this.rtcp.push(bytes))
  }

  /** What it offers or answers. */
  get sdp(): string {
    const address = `IN ${this.host === '::1' ? 'IP6' : 'IP4'} ${this.host}`
    return (
      `v=0\r\no=- ${this.ssrc} 1 ${address}\r\ns=-\r\nc=${address}\r\nt=0 0\r\n` +
      `m=audio ${this.port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`
    )
  }

  /** One packet of 20 ms. */
  sendRtp(port: number): void {
    const packet = Buffer.alloc(RTP_HEADER_BYTES + SAMPLES, 0xff)
    this.#sequence++
    packet.writeUInt16BE(0x8000, 0)
    packet.writeUInt16BE(this.#sequence, 2)
    packet.writeUInt32BE(this.#sequence * SAMPLES, 4)
    packet.writeUInt32BE(this.ssrc, 8)
    this.#sockets[0].send(packet, port, this.host)
  }

  sendRtcp(bytes: Uint8Array, port: number): void {
    this.#sockets[1].send(bytes, port, this.host)
  }
}

/** @param ssrc of what it sends */
export async function openMediaParty(stage: Stage, ssrc: number, host: LoopbackHost): Promise<MediaParty> {
  for (;;) {
    const rtp = await bound(host, 0)
    if (rtp === undefined) throw new Error(`no port is free on ${host}`)
    stage.atEnd(() => rtp.close())
    const { port } = rtp.address()
    const rtcp = port % 2 === 0 ? await bound(host, port + 1) : undefined
    if (rtcp === undefined) continue
    stage.atEnd(() => rtcp.close())
    return new MediaParty(ssrc, host, [rtp, rtcp])
  }
}

/** A socket on a port, 0 for any; undefined if it is taken. */
async function bound(host: LoopbackHost, port: number): Promise<Socket | undefined> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4')
  try {
    socket.bind(port, host)
    await once(socket, 'listening')
    return socket
  } catch {
    socket.close()
    return undefined
  }
}
