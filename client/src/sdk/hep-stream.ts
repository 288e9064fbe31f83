import { type EventBlock, readBlock } from '@hepscope/shared/event/block.ts'
import { reconnectDelayMs } from './reconnect-delay.ts'
import { type ControlFrame, isControlFrame } from '@hepscope/shared/frame/control.ts'
import { Positions } from './positions.ts'
import { type HepStreamEvent, parseFrame } from './stream-event.ts'
import { type HepStreamFilter, STREAM_PATH, streamUrl } from './stream-url.ts'

/** `connecting` includes the wait before a retry; `closed` is for good. */
export type HepStreamState = 'connecting' | 'open' | 'closed'

export interface HepStreamHandlers {
  /** Every event, in the order of the stream. */
  onEvent(event: HepStreamEvent): void
  /**
   * What the server says beside the events: its answer to the filter, gaps, states of nodes, its clock. With this
   * handler events also have their `node`, `epoch` and `seq`, and after a break the stream goes on where it ended.
   */
  onControl?(frame: ControlFrame): void
  /** After the first and each later connection. */
  onOpen?(): void
  /** After each connection that ended or could not be made; another follows unless the stream is closed. */
  onClose?(event: CloseEvent): void
  /** A fault of the socket, or a frame that could not be read, which is skipped. */
  onError?(error: Event | Error): void
}

export interface HepStream {
  /** End the stream; no handler is called afterwards. May be called again. */
  close(): void
  state(): HepStreamState
  /** If the stream waits before a retry: try now. */
  retryNow(): void
}

/** What the SDK needs of a WebSocket: browsers, workers, Node 22 and the `ws` package have it. */
export interface WebSocketLike {
  binaryType: string
  onopen: ((event: Event) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  onerror: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  close(code?: number, reason?: string): void
}

interface CommonOptions {
  /** `ws:` or `http:` URL of the stream; the default is `/api/v4/stream/hep` of the page's host. */
  readonly url?: string | URL
  /** Asked before each connection; what it gives is sent as `access_token`. Browsers send the cookie by themselves. */
  readonly token?: () => string | undefined | Promise<string | undefined>
  /** For Node 20, which has no global one: the class of the `ws` package. */
  readonly WebSocket?: new (url: string) => unknown
  /** A connection is tried again in so many milliseconds. */
  readonly onRetry?: (delayMs: number) => void
}

export interface JsonStreamOptions extends CommonOptions {
  readonly format?: 'json'
}

export interface BlockStreamOptions extends CommonOptions {
  /** Binary frames of up to 1,024 events each; after a break the stream goes on where it ended. */
  readonly format: 'block'
  readonly onBlock: (block: EventBlock) => void
}

/** Close code of a server that no longer accepts the token. */
export const CLOSE_TOKEN_ENDED = 4401
/** A session that lasted so long was a good one: the next retry comes soon again. */
const GOOD_SESSION_MS = 5000

/**
 * Open the Live HEP Stream and keep it open: a lost connection is made again after 500 ms to 30 s, until `close`.
 *
 * It also ends when the server no longer accepts the token and there is no `token` provider to give another.
 * History is asked for at the first connection only. In JSON format without `onControl`, what was missed in a break
 * stays missed.
 *
 * @throws TypeError if `url` is no URL, or there is neither a `url` nor a page, or no WebSocket class
 */
export function openHepStream(
  filter: HepStreamFilter,
  handlers: HepStreamHandlers,
  options?: JsonStreamOptions,
): HepStream
export function openHepStream(
  filter: HepStreamFilter,
  handlers: Partial<HepStreamHandlers>,
  options: BlockStreamOptions,
): HepStream
export function openHepStream(
  filter: HepStreamFilter,
  handlers: Partial<HepStreamHandlers>,
  options: JsonStreamOptions | BlockStreamOptions = {},
): HepStream {
  const stream = new Stream(filter, handlers, options)
  stream.connect()
  return stream
}

class Stream implements HepStream {
  readonly #filter: HepStreamFilter
  readonly #handlers: Partial<HepStreamHandlers>
  readonly #options: JsonStreamOptions | BlockStreamOptions
  readonly #base: URL
  readonly #WebSocket: new (url: string) => unknown
  readonly #positions = new Positions()
  #state: HepStreamState = 'connecting'
  #socket: WebSocketLike | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #openedMs: number | undefined
  #hasBeenOpen = false

  constructor(
    filter: HepStreamFilter,
    handlers: Partial<HepStreamHandlers>,
    options: JsonStreamOptions | BlockStreamOptions,
  ) {
    this.#filter = filter
    this.#handlers = handlers
    this.#options = options
    this.#base = baseUrl(options.url)
    this.#WebSocket = webSocketClass(options)
  }

  state(): HepStreamState {
    return this.#state
  }

  close(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.#detach()?.close(1000)
  }

  retryNow(): void {
    if (this.#timer === undefined || this.#state === 'closed') return
    clearTimeout(this.#timer)
    this.connect()
  }

  connect(): void {
    this.#timer = undefined
    const { token } = this.#options
    if (token === undefined) {
      this.#openSocket(undefined)
      return
    }
    Promise.resolve()
      .then(token)
      .then(
        (text) => {
          if (this.#state !== 'closed') this.#openSocket(text)
        },
        (fault: unknown) => {
          if (this.#state === 'closed') return
          this.#failures++
          this.#handlers.onError?.(fault instanceof Error ? fault : new Error(String(fault)))
          if (this.state() !== 'closed') this.#retryLater()
        },
      )
  }

  #openSocket(token: string | undefined): void {
    const filter = this.#hasBeenOpen ? withoutHistory(this.#filter) : this.#filter
    const format = this.#options.format ?? 'json'
    const url = streamUrl(this.#base, filter, {
      token,
      format,
      since: this.#positions.all,
      control: this.#handlers.onControl !== undefined,
    })
    const socket = new this.#WebSocket(url.href) as WebSocketLike
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.#state = 'open'
      this.#openedMs = Date.now()
      this.#hasBeenOpen = true
      this.#handlers.onOpen?.()
    }
    socket.onmessage = (event) => this.#receive(event.data)
    socket.onerror = (event) => this.#handlers.onError?.(event)
    socket.onclose = (event) => this.#closed(event)
  }

  #receive(data: unknown): void {
    if (typeof data === 'string') {
      const frame = parseFrame(data)
      if (frame === undefined) this.#handlers.onError?.(new Error('a frame of the stream is no event'))
      else if (isControlFrame(frame)) {
        this.#positions.receive(frame)
        this.#handlers.onControl?.(frame)
      } else {
        const { node, epoch, seq } = frame
        if (node !== undefined && epoch !== undefined && seq !== undefined) {
          if (this.#positions.has({ node, epoch, seq })) return
          this.#positions.reach({ node, epoch, seq })
        }
        this.#handlers.onEvent?.(frame)
      }
      return
    }
    if (!(data instanceof ArrayBuffer) || this.#options.format !== 'block') return
    const result = readBlock(new Uint8Array(data))
    if (!result.ok) {
      this.#handlers.onError?.(new Error(`a frame of the stream is no event block: ${result.reason}`))
      return
    }
    const { block } = result
    const position = { node: block.node, epoch: block.epoch, seq: block.lastSeq }
    if (this.#positions.has(position)) return
    this.#positions.reach(position)
    this.#options.onBlock(block)
  }

  #closed(event: CloseEvent): void {
    const lastedMs = this.#openedMs === undefined ? 0 : Date.now() - this.#openedMs
    this.#openedMs = undefined
    this.#detach()
    this.#failures = lastedMs >= GOOD_SESSION_MS ? 1 : this.#failures + 1
    const isOver = event.code === CLOSE_TOKEN_ENDED && this.#options.token === undefined
    this.#state = isOver ? 'closed' : 'connecting'
    this.#handlers.onClose?.(event)
    // The handler may have closed the stream.
    if (this.state() !== 'closed') this.#retryLater()
  }

  #retryLater(): void {
    const delayMs = reconnectDelayMs(this.#failures, Math.random())
    this.#timer = setTimeout(() => this.connect(), delayMs)
    this.#options.onRetry?.(delayMs)
  }

  #detach(): WebSocketLike | undefined {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return undefined
    socket.onopen = socket.onmessage = socket.onclose = null
    // `ws` reports a socket that is closed while it connects as an error, which nobody is to see any more.
    socket.onerror = () => {}
    return socket
  }
}

function withoutHistory(filter: HepStreamFilter): HepStreamFilter {
  return { ...filter, history: 0 }
}

function baseUrl(url: string | URL | undefined): URL {
  const page = (globalThis as { location?: { readonly href: string } }).location
  if (url === undefined && page === undefined) throw new TypeError('openHepStream needs options.url outside a page')
  return new URL(url ?? STREAM_PATH, page?.href)
}

function webSocketClass(options: CommonOptions): new (url: string) => unknown {
  const found = options.WebSocket ?? (globalThis as { WebSocket?: new (url: string) => unknown }).WebSocket
  if (found === undefined) throw new TypeError('openHepStream needs options.WebSocket here, e.g. of the "ws" package')
  return found
}
