import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SenderError, systemReason, type HepSender, type SenderCounters, type SenderOptions } from './hep-sender.ts'
import { formatTarget, type SenderTarget } from './target.ts'

/**
 * A TCP connection to one receiver, one write per packet: some receivers cannot read a packet whose first six
 * bytes arrive in two pieces.
 *
 * @throws SenderError if the connection is not there within `connectTimeoutMs`
 */
export async function openTcpSender(target: SenderTarget, options: SenderOptions): Promise<HepSender> {
  const socket = connect({ host: target.host, port: target.port, noDelay: true })
  const timeoutMs = options.connectTimeoutMs ?? 5000
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) })
    return new TcpSender(socket, target, options)
  } catch (error) {
    // A socket that is destroyed while it connects may still report an error.
    socket.on('error', () => undefined).destroy()
    const isTimeout = error instanceof Error && error.name === 'AbortError'
    const reason = isTimeout ? `no answer within ${timeoutMs} ms` : systemReason(error)
    throw new SenderError('ERR_TARGET_UNREACHABLE', `cannot reach ${formatTarget(target)}: ${reason}`, error)
  }
}

class TcpSender implements HepSender {
  readonly target: SenderTarget
  readonly counters: SenderCounters = { sentCount: 0, sentBytes: 0, droppedCount: 0, failedCount: 0, refusedCount: 0 }
  fault: SenderError | undefined

  readonly #socket: Socket
  readonly #maxQueuedBytes: number
  readonly #closeTimeoutMs: number
  readonly #burstCount: number
  #burst = 0
  #waiters: { resolve: () => void; reject: (fault: SenderError) => void }[] = []
  #closing: Promise<void> | undefined

  constructor(socket: Socket, target: SenderTarget, options: SenderOptions) {
    this.target = target
    this.#socket = socket
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 4 * 1024 * 1024
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 2000
    this.#burstCount = options.burstCount ?? 32
    socket.on('error', (error) => this.#lost(systemReason(error), error))
    socket.on('close', () => this.#lost('closed by the other side'))
    socket.on('drain', () => this.#release())
    // A receiver says nothing; what it says all the same must not fill the socket.
    socket.resume()
  }

  send(bytes: Uint8Array): boolean {
    if (this.fault || this.#closing) {
      this.counters.failedCount++
      return false
    }
    if (this.#socket.writableLength + bytes.length > this.#maxQueuedBytes) {
      this.counters.droppedCount++
      return false
    }
    this.#burst++
    const hasRoom = this.#socket.write(bytes, (error) => {
      // The write that a destroyed socket was busy with ends without an error.
      if (error || this.#socket.destroyed) {
        this.counters.failedCount++
        return
      }
      this.counters.sentCount++
      this.counters.sentBytes += bytes.length
    })
    return hasRoom && this.#burst < this.#burstCount
  }

  async drained(): Promise<void> {
    await nextTurn()
    this.#burst = 0
    if (this.fault) throw this.fault
    if (this.#socket.writableNeedDrain && !this.#closing) {
      await new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }))
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #release(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.resolve()
  }

  #lost(reason: string, cause?: Error): void {
    if (this.fault || this.#closing) return
    this.fault = new SenderError('ERR_TARGET_LOST', `lost ${formatTarget(this.target)}: ${reason}`, cause)
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.reject(this.fault)
  }

  async #close(): Promise<void> {
    if (!this.#socket.destroyed) {
      const timer = setTimeout(() => this.#socket.destroy(), this.#closeTimeoutMs)
      const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
      // Destroying at once would throw away what the kernel has not sent yet if the other side had written to us.
      this.#socket.end(() => this.#socket.destroySoon())
      await closed
      clearTimeout(timer)
    }
    this.#release()
  }
}
