import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { fileURLToPath } from 'node:url'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import type { MeasuredServer } from '../ingest/server.ts'

const PROGRAM = fileURLToPath(new URL('../../server/bin/hepscope.js', import.meta.url))

/** A sender in a process of its own. */
export class Load {
  readonly #child
  readonly #exited

  /** Calls of every kind, at a constant rate until it is stopped. */
  constructor(server: MeasuredServer, packetsPerSec: number) {
    const target = `udp://127.0.0.1:${server.udpPort}`
    const args = [PROGRAM, 'gen', '--to', target, '--rate', String(packetsPerSec), '--seconds', '3600']
    this.#child = spawn(process.execPath, args, { stdio: 'ignore' })
    this.#exited = once(this.#child, 'exit')
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGINT')
    await this.#exited
  }
}

/** Sends single packets from here. */
export class Sender {
  readonly #socket = createSocket('udp4')

  static async open(server: MeasuredServer): Promise<Sender> {
    const sender = new Sender()
    sender.#socket.connect(server.udpPort, '127.0.0.1')
    await once(sender.#socket, 'connect')
    return sender
  }

  send(packet: HepPacket): void {
    this.#socket.send(encodeHep(packet))
  }

  close(): void {
    this.#socket.close()
  }
}
