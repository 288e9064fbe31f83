import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_PACKET_BYTES } from '@hepscope/shared/hep/scan.ts'
import type { FromThread } from './protocol.ts'

/**
 * Most bytes of blocks on their way to the main thread. With more the thread stands still until the main thread has
 * caught up: TCP senders then wait, and of datagrams the kernel drops and counts what its buffer cannot hold.
 */
const MAX_WAITING_BYTES = 32 * 1024 * 1024
/** So often a thread that stands still looks by itself. */
const LOOK_MS = 100
const LENGTH_BYTES = 2

type Post = (message: FromThread, transfer: readonly ArrayBuffer[]) => void

/** A thread's way out for its blocks and, if they are wanted, the packets that they were made of. */
export class BlockOutlet {
  readonly #post: Post
  readonly #waiting: Int32Array
  #packets = new Uint8Array(0)
  #packetsEnd = 0

  /** @param waiting one Int32: bytes that the main thread has not taken yet; it counts down and notifies */
  constructor(post: Post, waiting: SharedArrayBuffer) {
    this.#post = post
    this.#waiting = new Int32Array(waiting)
  }

  /** Keep the bytes of a packet that goes into the next block; copied. */
  keep(packet: Uint8Array): void {
    const end = this.#packetsEnd
    if (end + LENGTH_BYTES + packet.length > this.#packets.length) {
      const grown = new Uint8Array(2 * this.#packets.length + LENGTH_BYTES + MAX_PACKET_BYTES)
      grown.set(this.#packets.subarray(0, end))
      this.#packets = grown
    }
    this.#packets[end] = packet.length >>> 8
    this.#packets[end + 1] = packet.length
    this.#packets.set(packet, end + LENGTH_BYTES)
    this.#packetsEnd = end + LENGTH_BYTES + packet.length
  }

  send(block: EventBlock): void {
    const bytes = block.bytes as Uint8Array<ArrayBuffer>
    const packets = this.#packets.slice(0, this.#packetsEnd)
    this.#packetsEnd = 0
    Atomics.add(this.#waiting, 0, bytes.length + packets.length)
    this.#post({ kind: 'block', bytes, packets }, [bytes.buffer, packets.buffer])
    for (;;) {
      const waiting = Atomics.load(this.#waiting, 0)
      if (waiting <= MAX_WAITING_BYTES) return
      Atomics.wait(this.#waiting, 0, waiting, LOOK_MS)
    }
  }
}

/** The packets that came with a block, one by one: views. */
export function* packetsIn(packets: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < packets.length;) {
    const length = ((packets[at] ?? 0) << 8) | (packets[at + 1] ?? 0)
    at += LENGTH_BYTES
    yield packets.subarray(at, at + length)
    at += length
  }
}
