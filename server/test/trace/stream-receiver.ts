import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { HepDeframer } from '@hepscope/shared/hep/deframe.ts'
import { parseHepId, type HepDestination } from '../../src/trace/hep-id.ts'

export interface StreamReceiverOptions {
  /** The same one again, for a receiver that comes back. */
  readonly port?: number
  readonly tls?: TlsOptions
  /** True: read nothing until `resume`. */
  readonly isPaused?: boolean
}

/** A HEP receiver on TCP or TLS whose connections a test can see and end. */
export class StreamReceiver {
  readonly packets: Uint8Array[] = []
  readonly sockets: Socket[] = []
  readonly #server: Server
  readonly #checks = new Set<() => void>()

  constructor(server: Server, isPaused: boolean, event: string) {
    this.#server = server
    server.on(event, (socket: Socket) => {
      const deframer = new HepDeframer()
      this.sockets.push(socket)
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => {
        deframer.push(bytes, (packet) => this.packets.push(Uint8Array.from(packet)))
        this.#check()
      })
      if (isPaused) socket.pause()
      this.#check()
    })
  }

  static async open({ port = 0, tls, isPaused = false }: StreamReceiverOptions = {}): Promise<StreamReceiver> {
    const server = tls === undefined ? createServer() : createTlsServer(tls)
    const receiver = new StreamReceiver(server, isPaused, tls === undefined ? 'connection' : 'secureConnection')
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  resume(): void {
    for (const socket of this.sockets) socket.resume()
  }

  async received(count: number): Promise<void> {
    await this.#until(() => this.packets.length >= count)
  }

  async connected(count = 1): Promise<void> {
    await this.#until(() => this.sockets.length >= count)
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!isDone()) return
        this.#checks.delete(check)
        resolve()
      }
      this.#checks.add(check)
      check()
    })
  }

  #check(): void {
    for (const check of [...this.#checks]) check()
  }
}

/** A destination on this machine. */
export function local(port: number, parameters = 'transport=tcp'): HepDestination {
  const parsed = parseHepId(`[test] 127.0.0.1:${port}; ${parameters}`)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.destination
}
