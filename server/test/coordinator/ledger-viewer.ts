import { WebSocket } from 'ws'
import { readBlock } from '@hepscope/shared/event/block.ts'
import { TEXT } from '@hepscope/shared/event/columns.ts'
import { isControlFrame } from '@hepscope/shared/frame/control.ts'
import { Ledger } from './ledger.ts'

const RETRY_MS = 100
const PING_MS = 500

/** A viewer that keeps a ledger, and goes on where it was when its connection breaks. */
export class LedgerViewer {
  readonly ledger = new Ledger()
  /** Connections after the first. */
  reconnects = 0
  readonly statuses: { readonly node: string; readonly state: string }[] = []
  readonly #url: URL
  readonly #positions = new Map<string, { epoch: number; seq: number }>()
  #socket: WebSocket | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #opens = 0

  /** @param url with filter, format and token */
  constructor(url: URL) {
    this.#url = new URL(url)
    this.#url.searchParams.set('control', '1')
    this.#connect()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#socket?.terminate()
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  #connect(): void {
    const url = new URL(this.#url)
    for (const [node, { epoch, seq }] of this.#positions) url.searchParams.append('since', `${epoch}:${seq}@${node}`)
    if (this.#positions.size === 0) url.searchParams.set('since', '0:0')
    const socket = new WebSocket(url, { perMessageDeflate: false })
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    // Whether the line is silent is told by the pongs alone: a filter may let nothing pass for long.
    let isHeard = true
    const pings = setInterval(() => {
      if (!isHeard) socket.terminate()
      isHeard = false
      if (socket.readyState === WebSocket.OPEN) socket.ping()
    }, PING_MS)
    socket.on('open', () => (this.reconnects = this.#opens++))
    socket.on('pong', () => (isHeard = true))
    socket.on('message', (data, isBinary) => {
      isHeard = true
      if (isBinary) this.#block(new Uint8Array(data as ArrayBuffer))
      else this.#frame(JSON.parse((data as Buffer).toString()) as unknown)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearInterval(pings)
      if (!this.#isClosed) this.#timer = setTimeout(() => this.#connect(), RETRY_MS)
    })
  }

  #block(bytes: Uint8Array): void {
    const result = readBlock(bytes)
    if (!result.ok) throw new Error(result.reason)
    const { block } = result
    const { node, epoch } = block
    for (let row = 0; row < block.count; row++) {
      const callId = block.text(TEXT.callId, row)
      this.ledger.add({ node, epoch, seq: block.seq(row), callId, method: block.methodName(row) })
    }
    this.#positions.set(node, { epoch, seq: block.lastSeq })
  }

  #frame(frame: unknown): void {
    if (isControlFrame(frame)) {
      if (frame.type === 'gap') {
        this.ledger.addGap(frame)
        if (frame.to !== undefined) this.#positions.set(frame.node, { epoch: frame.epoch, seq: frame.to })
      } else if (frame.type === 'status') this.statuses.push({ node: frame.node, state: frame.state })
      return
    }
    const event = frame as { node: string; epoch: number; seq: number; sip?: { callid?: string; method?: string } }
    const { node, epoch, seq, sip } = event
    this.ledger.add({ node, epoch, seq, callId: sip?.callid ?? '', method: sip?.method ?? '' })
    this.#positions.set(node, { epoch, seq })
  }
}
