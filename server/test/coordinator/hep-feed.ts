import { connect, type Socket } from 'node:net'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { sipPacket } from '../events.ts'

const TICK_MS = 20
const METHODS = ['INVITE', 'ACK', 'BYE', 'OPTIONS'] as const

/** Sends numbered SIP requests as HEP over TCP at a steady rate; a connection that breaks is made again. */
export class HepFeed {
  sentCount = 0
  readonly #target: { readonly host: string; readonly port: number }
  readonly #name: string
  readonly #timer: NodeJS.Timeout
  #socket: Socket | undefined
  #isStopped = false

  /** @param name first part of the Call-IDs, before the number */
  constructor(target: { host: string; port: number }, name: string, packetsPerSec: number) {
    this.#target = target
    this.#name = name
    this.#connect()
    let begunMs: number | undefined
    let due = 0
    this.#timer = setInterval(() => {
      const nowMs = performance.now()
      begunMs ??= nowMs
      const total = Math.floor(((nowMs - begunMs) * packetsPerSec) / 1000)
      for (; due < total; due++) this.#send()
    }, TICK_MS)
  }

  /** Resolves when all that was sent has left this process. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#isStopped = true
    const socket = this.#socket
    if (socket === undefined || socket.destroyed) return
    await new Promise<void>((resolve) => socket.end(resolve))
  }

  #send(): void {
    const socket = this.#socket
    // What a node that is gone would have got is lost before it is HEP to anybody.
    if (socket?.writable !== true || socket.connecting) return
    const number = ++this.sentCount
    const method = METHODS[number % METHODS.length] ?? 'INVITE'
    const callId = `${this.#name}-${number}`
    const tsUs = Date.now() * 1000
    socket.write(encodeHep(sipPacket(`${method} sip:bob@example.com SIP/2.0`, callId, `1 ${method}`, { tsUs })))
  }

  #connect(): void {
    const socket = connect({ ...this.#target, noDelay: true })
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('close', () => {
      if (!this.#isStopped) setTimeout(() => this.#connect(), 100)
    })
  }
}
