import type { ClientRequest, IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { type EventBlock, readBlock } from '@hepscope/shared/event/block.ts'
import { type ControlFrame, type GapFrame, type HelloFrame, isControlFrame } from '@hepscope/shared/frame/control.ts'
import { faultText } from './fault-text.ts'
import { LIVENESS, type LivenessOptions, watchLiveness } from './liveness.ts'
import { OriginalSource } from './original-source.ts'

/** Several times the largest block: a full arena, one more inflated payload and all columns. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024
/** As much of a refusal's body as an error shows. */
const MAX_REFUSAL_CHARS = 120

export interface SessionOptions {
  /** With its whole query. */
  readonly url: URL
  readonly token?: string
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string
  /** For all of the connection's beginning. */
  readonly handshakeTimeoutMs: number
  /** Identity of the blocks, should this be an original Homer node. */
  readonly original: { readonly node: string; readonly epoch: number }
  readonly liveness?: LivenessOptions
}

export interface SessionEvents {
  onOpen(): void
  onHello(hello: HelloFrame): void
  /** @param lagMs how much later than at best it came; undefined if the node's clock is not known */
  onBlock(block: EventBlock, lagMs: number | undefined): void
  onGap(gap: GapFrame): void
  /** How late the stream is now, without a block to tell. */
  onLag(lagMs: number): void
  /** All that was missed has come. */
  onReplayEnd(): void
  /** A frame that is nothing we know; it is skipped. */
  onBadFrame(reason: string): void
  /** The first frame of an original Homer node. */
  onOriginal(): void
  /** The connection has ended, or never began. Called once, unless `close` came first. */
  onEnd(reason: string): void
}

/** One connection to a node, from the attempt to its end. */
export class NodeSession {
  receivedBytes = 0
  readonly #events: SessionEvents
  readonly #socket: WebSocket
  readonly #original: OriginalSource
  readonly #deadline: NodeJS.Timeout
  #stopWatch: (() => void) | undefined
  #isOver = false
  #peer: 'unknown' | 'hepscope' | 'original' = 'unknown'
  /** Smallest distance between our clock and the node's that was seen, ms. */
  #clockOffsetMs = Infinity

  constructor(options: SessionOptions, events: SessionEvents) {
    this.#events = events
    this.#original = new OriginalSource(options.original, (block) => events.onBlock(block, undefined))
    const { handshakeTimeoutMs, token, ca, liveness = LIVENESS } = options
    const socket = new WebSocket(options.url, {
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
      ...(ca !== undefined && { ca }),
    })
    this.#socket = socket
    // Each message gets memory of its own, else a small block would keep the whole read that it came with.
    socket.binaryType = 'arraybuffer'
    this.#deadline = setTimeout(() => this.#end(`no answer within ${handshakeTimeoutMs} ms`), handshakeTimeoutMs)
    socket.on('upgrade', (response) => {
      this.#stopWatch = watchLiveness(socket, response, liveness, () => this.#end('the node has fallen silent'))
    })
    socket.on('open', () => {
      clearTimeout(this.#deadline)
      events.onOpen()
    })
    socket.on('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => this.#refused(response))
    socket.on('message', (data, isBinary) => {
      if (this.#isOver) return
      if (isBinary) this.#binary(data as ArrayBuffer)
      else this.#text(data as Buffer)
    })
    socket.on('error', (error) => this.#end(faultText(error)))
    socket.on('close', (code, reason) => this.#end(`closed with ${code} ${reason.toString()}`.trimEnd()))
  }

  /** End at once; no event follows. Idempotent. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#deadline)
    this.#stopWatch?.()
    this.#original.close()
    this.#socket.terminate()
  }

  #end(reason: string): void {
    if (this.#isOver) return
    this.#original.flush()
    this.close()
    this.#events.onEnd(reason)
  }

  #refused(response: IncomingMessage): void {
    const status = `${response.statusCode} ${response.statusMessage}`
    let body = ''
    const end = (): void => {
      const text = body.split('\n')[0]?.trim().slice(0, MAX_REFUSAL_CHARS) ?? ''
      this.#end(text === '' ? status : `${status}: ${text}`)
    }
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      body += text
      if (body.length > MAX_REFUSAL_CHARS) end()
    })
    response.on('end', end)
    response.on('error', end)
  }

  #binary(data: ArrayBuffer): void {
    this.receivedBytes += data.byteLength
    const result = readBlock(new Uint8Array(data))
    if (!result.ok) this.#events.onBadFrame(`no event block: ${result.reason}`)
    else if (!isNumbered(result.block)) this.#events.onBadFrame('an event block with impossible numbers')
    else this.#events.onBlock(result.block, this.#lagOf(result.block.sealedUs / 1000))
  }

  #text(data: Buffer): void {
    this.receivedBytes += data.length
    let frame: unknown
    try {
      frame = JSON.parse(data.toString())
    } catch {
      this.#events.onBadFrame('text that is no JSON')
      return
    }
    if (isControlFrame(frame)) this.#control(frame)
    // A newer node may have types that we do not know.
    else if (hasType(frame)) return
    else if (this.#peer === 'hepscope' || !this.#original.append(frame))
      this.#events.onBadFrame('JSON that is no event')
    else if (this.#peer === 'unknown') {
      this.#peer = 'original'
      this.#events.onOriginal()
    }
  }

  #control(frame: ControlFrame): void {
    if (frame.type === 'hello') {
      this.#peer = 'hepscope'
      this.#lagOf(frame.time)
      this.#events.onHello(frame)
    } else if (frame.type === 'clock') {
      const lagMs = this.#lagOf(frame.time)
      // With positions nothing waits at the node, so events come as late as this does.
      if (frame.positions !== undefined) this.#events.onLag(lagMs)
    } else if (frame.type === 'gap') this.#events.onGap(frame)
    else if (frame.type === 'replay-end') this.#events.onReplayEnd()
  }

  /** How much later than at best something came that the node has sent at `nodeMs` of its own clock. */
  #lagOf(nodeMs: number): number {
    const offsetMs = Date.now() - nodeMs
    this.#clockOffsetMs = Math.min(this.#clockOffsetMs, offsetMs)
    return offsetMs - this.#clockOffsetMs
  }
}

/** Whether epoch and `seq` can be those of a node. */
function isNumbered(block: EventBlock): boolean {
  if (!Number.isSafeInteger(block.epoch) || block.epoch < 0) return false
  if (!Number.isSafeInteger(block.firstSeq) || block.firstSeq < 1 || !Number.isSafeInteger(block.lastSeq)) return false
  for (let row = 1; row < block.count; row++) if (block.seq(row) <= block.seq(row - 1)) return false
  return true
}

function hasType(frame: unknown): boolean {
  return typeof frame === 'object' && frame !== null && 'type' in frame && typeof frame.type === 'string'
}
