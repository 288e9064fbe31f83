import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { type BlockSource, BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep, HepEncodeError } from '@hepscope/shared/hep/encode.ts'
import { readOriginalFrame } from './original-frame.ts'

/** How long an event may wait for its block to fill. */
const BLOCK_INTERVAL_MS = 5

/**
 * Makes blocks of the JSON frames of an original Homer node, which numbers nothing: `seq` counts what came through
 * this connection, and each connection is an epoch, for nobody knows what the pause between two held.
 */
export class OriginalSource {
  readonly #writer: BlockWriter
  readonly #onBlock: (block: EventBlock) => void
  #timer: NodeJS.Timeout | undefined
  /** Whether the rows of the block that is being written have their payloads: all or none. */
  #hasPayload = false

  constructor(source: BlockSource, onBlock: (block: EventBlock) => void) {
    this.#writer = new BlockWriter(source)
    this.#onBlock = onBlock
  }

  /**
   * Add a frame.
   *
   * @param frame what JSON.parse gave
   * @returns false if it is no event; nothing is added then
   */
  append(frame: unknown): boolean {
    const event = readOriginalFrame(frame)
    if (event === undefined) return false
    const bytes = encoded(event.packet)
    if (bytes === undefined) return false
    if (event.hasPayload !== this.#hasPayload || this.#writer.isFull) this.flush()
    this.#hasPayload = event.hasPayload
    if (this.#writer.append(bytes, Date.now() * 1000) !== undefined) return false
    this.#timer ??= setTimeout(() => this.flush(), BLOCK_INTERVAL_MS)
    return true
  }

  /** Hand on what waits. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const block = this.#writer.seal(Date.now() * 1000)
    if (block === undefined) return
    const rows = Array.from({ length: block.count }, (_, row) => row)
    this.#onBlock(this.#hasPayload ? block : selectRows(block, rows, false))
  }

  /** End without handing on what waits. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** Undefined for what HEP cannot hold, e.g. a payload over its limit. */
function encoded(packet: Parameters<typeof encodeHep>[0]): Uint8Array | undefined {
  try {
    return encodeHep(packet)
  } catch (error) {
    if (error instanceof HepEncodeError) return undefined
    throw error
  }
}
