import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { SenderError, systemReason, type HepSender, type SenderCounters, type SenderOptions } from './hep-sender.ts'
import { formatTarget, type SenderTarget } from './target.ts'

/** The largest UDP payload over IPv4. @see RFC 768 and RFC 791: 65535 - 20 - 8 */
const MAX_DATAGRAM_BYTES = 65507

/**
 * A connected UDP socket to one receiver. Connected, because only then the system reports that nobody listens,
 * and because an unconnected socket looks the address up for each packet.
 *
 * @throws SenderError if the host has no address
 */
export async function openUdpSender(target: SenderTarget, options: SenderOptions): Promise<HepSender> {
  let socket: Socket | undefined
  try {
    const { address, family } = await lookup(target.host)
    socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    socket.connect(target.port, address)
    await once(socket, 'connect')
    return new UdpSender(socket, target, options)
  } catch (error) {
    socket?.close()
    const message = `cannot reach ${formatTarget(target)}: ${systemReason(error)}`
    throw new SenderError('ERR_TARGET_UNREACHABLE', message, error)
  }
}

class UdpSender implements HepSender {
  readonly target: SenderTarget
  readonly counters: SenderCounters = { sentCount: 0, sentBytes: 0, droppedCount: 0, failedCount: 0, refusedCount: 0 }
  fault: SenderError | undefined

  readonly #socket: Socket
  readonly #maxQueuedBytes: number
  readonly #burstCount: number
  readonly #burstPauseMs: number
  readonly #closeTimeoutMs: number
  #burst = 0
  #waitingCount = 0
  #whenEmpty: (() => void)[] = []
  #closing: Promise<void> | undefined

  constructor(socket: Socket, target: SenderTarget, options: SenderOptions) {
    this.target = target
    this.#socket = socket
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 4 * 1024 * 1024
    this.#burstCount = options.burstCount ?? 32
    this.#burstPauseMs = options.burstPauseMs ?? 0
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 2000
    socket.on('error', (error) => this.#note(error))
  }

  send(bytes: Uint8Array): boolean {
    if (this.#closing || bytes.length > MAX_DATAGRAM_BYTES) {
      this.counters.failedCount++
      return true
    }
    if (this.#socket.getSendQueueSize() + bytes.length > this.#maxQueuedBytes) {
      this.counters.droppedCount++
      return false
    }
    this.#waitingCount++
    this.#socket.send(bytes, this.#sent)
    this.#burst++
    return this.#burst < this.#burstCount
  }

  async drained(): Promise<void> {
    await (this.#burstPauseMs > 0 ? sleep(this.#burstPauseMs) : nextTurn())
    if (this.#waitingCount > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve))
    this.#burst = 0
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  readonly #sent = (error: Error | null, byteCount?: number): void => {
    this.#waitingCount--
    if (error) {
      this.counters.failedCount++
      this.#note(error)
    } else {
      this.counters.sentCount++
      this.counters.sentBytes += byteCount ?? 0
    }
    if (this.#waitingCount > 0 || this.#whenEmpty.length === 0) return
    const waiters = this.#whenEmpty
    this.#whenEmpty = []
    for (const resolve of waiters) resolve()
  }

  #note(error: Error): void {
    const reason = systemReason(error)
    let what = reason
    if (reason === 'ECONNREFUSED') {
      what = 'nobody listens'
      // The system tells of a refusal at the next call, so it is a packet counted as sent that was refused.
      if (this.counters.sentCount > 0) {
        this.counters.sentCount--
        this.counters.failedCount++
        this.counters.refusedCount++
      }
    }
    this.fault = new SenderError('ERR_SEND_FAILED', `${formatTarget(this.target)}: ${what}`, error)
  }

  async #close(): Promise<void> {
    if (this.#waitingCount > 0) {
      let timer: NodeJS.Timeout | undefined
      const tooLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#closeTimeoutMs)))
      await Promise.race([new Promise<void>((resolve) => this.#whenEmpty.push(resolve)), tooLate])
      clearTimeout(timer)
    }
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }
}
