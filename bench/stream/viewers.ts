import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Viewers to open, all of the same kind. */
export interface ViewerPlan {
  readonly port: number
  /** Path and query of each. */
  readonly paths: readonly string[]
  /**
   * `counting`: take frame from frame and count them. `sleeping`: take the answer to the upgrade and never read again.
   * `timing`: read every frame as a program does, and how late it is; needs `control=1`.
   */
  readonly kind: 'counting' | 'sleeping' | 'timing'
}

/** How late frames were, ms. */
export interface Lateness {
  readonly median: number
  readonly p95: number
  readonly most: number
}

/** What the viewers of a process have seen so far. */
export interface ViewerTotals {
  /** Clock of their process, ms. */
  readonly atMs: number
  readonly bytes: number
  /** Text and binary frames of each viewer. */
  readonly frames: readonly number[]
  readonly closed: number
  /** Of the frames since it was asked for the last time; of `timing` viewers. */
  readonly lateness: Lateness
}

const READ_BYTES = 256 * 1024
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const OPCODE = { text: 1, binary: 2, ping: 9 } as const

/**
 * A WebSocket client that counts: it takes every frame apart from the next by its length, and looks at nothing else.
 * With one for a browser's work, the reader and not the server would be measured.
 */
export class CountingViewer {
  frames = 0
  bytes = 0
  isClosed = false
  readonly #socket: Socket
  /** Bytes of the frame at hand that are still to come. */
  #rest = 0
  /** A frame header that a read cut in two. */
  readonly #header = Buffer.alloc(10)
  #headerLength = 0
  #isOpen = false

  constructor(plan: ViewerPlan, path: string, shared: Buffer, opened: () => void) {
    this.#socket = connect({
      port: plan.port,
      host: '127.0.0.1',
      // All viewers read into the same memory: each looks at what it read before the next one reads.
      onread: {
        buffer: shared,
        callback: (length: number) => {
          let at = 0
          if (!this.#isOpen) {
            const head = shared.toString('latin1', 0, length)
            if (!head.startsWith('HTTP/1.1 101')) throw new Error(`no stream: ${head}`)
            at = head.indexOf('\r\n\r\n') + 4
            if (at < 4) throw new Error('the answer to the upgrade came in parts')
            this.#isOpen = true
            opened()
            if (plan.kind === 'sleeping') return false
          }
          this.bytes += length
          this.#count(shared, at, length)
          return true
        },
      },
    })
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    )
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => (this.isClosed = true))
  }

  static async open(plan: ViewerPlan): Promise<CountingViewer[]> {
    const shared = Buffer.allocUnsafe(READ_BYTES)
    const viewers: CountingViewer[] = []
    for (const path of plan.paths) {
      await new Promise<void>((resolve) => viewers.push(new CountingViewer(plan, path, shared, resolve)))
    }
    return viewers
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    const closed = once(this.#socket, 'close')
    this.#socket.destroy()
    await closed
  }

  #count(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, to - at)
        this.#rest -= skipped
        at += skipped
        continue
      }
      if (this.#headerLength > 0 || to - at < 10) {
        this.#header[this.#headerLength++] = bytes[at++] ?? 0
        if (this.#headerLength < 2 || this.#headerLength < headerBytes(this.#header, 0)) continue
        this.#rest = this.#begin(this.#header, 0)
        this.#headerLength = 0
      } else {
        const header = headerBytes(bytes, at)
        this.#rest = this.#begin(bytes, at)
        at += header
      }
    }
  }

  /** Look at a whole frame header; returns the length of what follows it. */
  #begin(bytes: Buffer, at: number): number {
    const opcode = (bytes[at] ?? 0) & 0x0f
    if (opcode === OPCODE.text || opcode === OPCODE.binary) this.frames++
    else if (opcode === OPCODE.ping) this.#socket.write(PONG)
    const short = (bytes[at + 1] ?? 0) & 0x7f
    if (short < 126) return short
    return short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  }
}

function headerBytes(bytes: Buffer, at: number): number {
  const short = (bytes[at + 1] ?? 0) & 0x7f
  return short < 126 ? 2 : short === 126 ? 4 : 10
}
