import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import { Backoff } from '../backoff.ts'
import { type Carrier, type DestinationStatus, type DropCause, newCounters } from './carrier.ts'
import type { ResolvedOptions } from './destination-options.ts'
import { FrameQueue } from './frame-queue.ts'
import type { HepDestination } from './hep-id.ts'
import { SenderError, systemReason } from './hep-sender.ts'

/** A TLS record holds no more than this. Some receivers need the first six bytes of a packet in one piece. */
const TLS_RECORD_BYTES = 16_384
/** A connection that lasted this long is taken for a good one: the next pause is the shortest. */
const GOOD_CONNECTION_MS = 5000

interface Connection {
  readonly socket: Socket
  readonly startedMs: number
  readonly attemptTimer: NodeJS.Timeout
  isUp: boolean
  isOver: boolean
  /** While connecting: too many frames waited, so none waits any more. */
  isOverrun: boolean
}

/**
 * A TCP or TLS connection to one receiver that is made anew whenever it ends.
 *
 * One write a frame; over TLS, where a write takes a turn of the event loop, one write holds as many whole frames
 * as a record does. A frame is never sent in part over two connections.
 */
export class StreamCarrier implements Carrier {
  readonly counters = newCounters()
  readonly #id: HepDestination
  readonly #options: ResolvedOptions
  readonly #secureContext: SecureContext | undefined
  readonly #backoff: Backoff
  readonly #queue = new FrameQueue()
  #status: DestinationStatus = { state: 'connecting' }
  #connection: Connection | undefined
  /** Frames at the front of the queue that the socket is busy with. */
  #writingCount = 0
  #watchTimer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #whenDrained: (() => void)[] = []
  #isClosing = false
  #closed: Promise<void> | undefined

  /** @throws SenderError if certificate, key or CA cannot be used */
  constructor(id: HepDestination, options: ResolvedOptions) {
    this.#id = id
    this.#options = options
    this.#secureContext = id.transport === 'tls' ? secureContextOf(id, options) : undefined
    this.#backoff = new Backoff(options.firstRetryMs, options.mostRetryMs, options.random)
    this.#connect()
  }

  get status(): DestinationStatus {
    return this.#status
  }

  send(frame: Uint8Array): boolean {
    const connection = this.#connection
    if (this.#isClosing) return this.#drop('closed')
    if (connection === undefined || connection.isOverrun) return this.#drop('not-connected')
    if (this.#queue.byteCount + frame.length > this.#options.maxWaitingBytes) return this.#drop('queue-full')
    this.#queue.push(frame, performance.now())
    if (connection.isUp) this.#write(connection)
    if (this.#queue.length > 0) this.#watch()
    return !connection.isOver && !connection.isOverrun
  }

  drained(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#whenDrained.push(resolve))
  }

  close(): Promise<void> {
    this.#isClosing = true
    this.#closed ??= this.#close()
    return this.#closed
  }

  #connect(): void {
    const { connectTimeoutMs } = this.#options
    const socket = this.#openSocket()
    const connection: Connection = {
      socket,
      startedMs: performance.now(),
      attemptTimer: setTimeout(() => {
        this.#end(connection, 'not-connected', `no answer within ${connectTimeoutMs} ms`)
      }, connectTimeoutMs),
      isUp: false,
      isOver: false,
      isOverrun: false,
    }
    this.#connection = connection
    this.#setStatus({ state: 'connecting' })
    socket.on('error', (error) => this.#lost(connection, systemReason(error)))
    socket.on('end', () => this.#lost(connection, 'closed by the other side'))
    socket.on('close', () => this.#lost(connection, 'closed by the other side'))
    // A receiver says nothing; what it says all the same must not fill the socket.
    socket.resume()
  }

  #openSocket(): Socket {
    const { host, port } = this.#id
    if (this.#secureContext === undefined) {
      return connect({ host, port, noDelay: true, keepAlive: true }, () => this.#connected())
    }
    const { serverName, verifyCert } = this.#options.tls
    const socket = connectTls(
      {
        host,
        port,
        secureContext: this.#secureContext,
        // An address must not be sent as server name; the certificate is checked for it all the same.
        servername: serverName ?? (isIP(host) === 0 ? host : ''),
        rejectUnauthorized: verifyCert ?? true,
      },
      () => this.#connected(),
    )
    return socket.setNoDelay(true).setKeepAlive(true)
  }

  #connected(): void {
    const connection = this.#connection
    if (connection === undefined || connection.isOver) return
    clearTimeout(connection.attemptTimer)
    connection.isUp = true
    connection.isOverrun = false
    this.counters.connectionCount++
    this.#setStatus({ state: 'connected' })
    // What waited for the connection begins to wait for its turn.
    this.#queue.restart(performance.now())
    clearTimeout(this.#watchTimer)
    this.#watchTimer = undefined
    this.#write(connection)
    if (this.#queue.length > 0) this.#watch()
  }

  /** Hand frames to the system until it takes no more. */
  #write(connection: Connection): void {
    while (!connection.isOver && this.#writingCount === 0 && this.#queue.length > 0) this.#writeNext(connection)
    if (this.#queue.length === 0) this.#release()
  }

  #writeNext(connection: Connection): void {
    const { socket } = connection
    const frames = this.#queue.oldest(this.#secureContext === undefined ? 0 : TLS_RECORD_BYTES)
    const [first] = frames
    if (first === undefined) return
    this.#writingCount = frames.length
    let isWaiting = true
    socket.write(frames.length === 1 ? first : Buffer.concat(frames), (error) => {
      // A failed write is followed by 'error' and 'close', which count its frames.
      if (error || connection.isOver || !isWaiting) return
      this.#written(frames)
      this.#write(connection)
    })
    isWaiting = socket.writableLength > 0 || socket.errored !== null
    if (!isWaiting) this.#written(frames)
  }

  #written(frames: readonly Uint8Array[]): void {
    this.#queue.drop(frames.length)
    this.#writingCount = 0
    this.counters.sentCount += frames.length
    for (const { length } of frames) this.counters.sentBytes += length
  }

  /** Break the connection if frames have waited too long, or look again when they would have. */
  #watch(): void {
    const connection = this.#connection
    if (connection === undefined || this.#watchTimer !== undefined || this.#isClosing) return
    const { async, maxPostponedFrames, sendTimeoutMs, localConnectTimeoutMs, localWriteTimeoutMs } = this.#options
    const sinceMs = this.#queue.waitingSinceMs(async ? maxPostponedFrames : 0)
    if (sinceMs === undefined) return
    const localTimeoutMs = connection.isUp ? localWriteTimeoutMs : localConnectTimeoutMs
    const restMs = sinceMs + (async ? localTimeoutMs : sendTimeoutMs) - performance.now()
    if (restMs > 0) {
      this.#watchTimer = setTimeout(() => {
        this.#watchTimer = undefined
        this.#watch()
      }, restMs)
      return
    }
    this.counters.brokenCount++
    const cause = async ? 'postponed' : 'send-timeout'
    if (connection.isUp) {
      this.#end(
        connection,
        cause,
        async ? `more than ${maxPostponedFrames} frames waited` : `a frame waited ${sendTimeoutMs} ms`,
      )
    } else {
      // The attempt goes on: a receiver that takes longer to reach than the frames take to come would never be reached.
      connection.isOverrun = true
      this.#dropWaiting(cause)
    }
  }

  #lost(connection: Connection, reason: string): void {
    this.#end(connection, connection.isUp ? 'connection-lost' : 'not-connected', reason)
  }

  #end(connection: Connection, cause: DropCause, reason: string): void {
    if (connection.isOver) return
    connection.isOver = true
    connection.socket.destroy()
    clearTimeout(connection.attemptTimer)
    clearTimeout(this.#watchTimer)
    this.#watchTimer = this.#connection = undefined
    this.#dropWaiting(this.#isClosing ? 'closed' : cause)
    if (!this.#isClosing) {
      if (connection.isUp && performance.now() - connection.startedMs >= GOOD_CONNECTION_MS) this.#backoff.reset()
      const retryMs = this.#backoff.nextMs()
      this.#retryTimer = setTimeout(() => this.#connect(), retryMs)
      this.#setStatus({ state: 'waiting', reason, retryMs })
    }
  }

  #dropWaiting(cause: DropCause): void {
    this.counters.dropped[cause] += this.#queue.length
    this.#queue.clear()
    this.#writingCount = 0
    this.#release()
  }

  #drop(cause: DropCause): boolean {
    this.counters.dropped[cause]++
    return false
  }

  #release(): void {
    const waiters = this.#whenDrained
    this.#whenDrained = []
    for (const resolve of waiters) resolve()
  }

  #setStatus(status: DestinationStatus): void {
    this.#status = status
    this.#options.onStatus(status, this.#id)
  }

  async #close(): Promise<void> {
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#watchTimer)
    const connection = this.#connection
    if (connection !== undefined) {
      const { socket } = connection
      const timer = setTimeout(() => this.#end(connection, 'closed', 'closed'), this.#options.closeTimeoutMs)
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
      // Nobody waits for a connection that nothing would be sent over.
      if (!connection.isUp && this.#queue.length === 0) this.#end(connection, 'closed', 'closed')
      await this.drained()
      // The other side closes too when it has read all. A socket that is destroyed before it has read what was sent to
      // it, as TLS 1.3 does with session tickets, resets the connection, and the other side loses what it had not read.
      socket.end()
      await closed
      clearTimeout(timer)
    }
    this.#setStatus({ state: 'closed' })
  }
}

function secureContextOf(id: HepDestination, { tls }: ResolvedOptions): SecureContext {
  const { ca, cert, key, minVersion = 'TLSv1.2' } = tls
  try {
    return createSecureContext({
      minVersion,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    })
  } catch (error) {
    throw new SenderError('ERR_TARGET_INVALID', `[${id.name}]: TLS cannot be set up: ${systemReason(error)}`, error)
  }
}
