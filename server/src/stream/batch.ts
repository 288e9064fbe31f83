import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { ByteSink } from '@hepscope/shared/frame/byte-sink.ts'
import { appendJsonFrame } from '@hepscope/shared/frame/json.ts'
import { frameHeaderBytes, MAX_FRAME_HEADER_BYTES, OPCODE, writeFrameHeader } from './ws-frame.ts'

/** How a viewer wants its events. */
export type StreamFormat = 'json' | 'block'

/**
 * The events of one block that one filter lets pass, as bytes for a WebSocket: made once, sent to every
 * viewer with that filter.
 */
export interface Batch {
  readonly count: number
  /** Wire bytes of the events `from` up to `to`: whole WebSocket messages, to be written as they are. */
  wire(from: number, to: number): readonly Uint8Array[]
}

/**
 * Make the batch of some rows.
 *
 * @param rows at least one, in rising order
 */
export function makeBatch(
  block: EventBlock,
  rows: readonly number[],
  format: StreamFormat,
  withPayload: boolean,
): Batch {
  return format === 'json' ? new JsonBatch(block, rows, withPayload) : new BlockBatch(block, rows, withPayload)
}

/** The same, encoded only when its bytes are asked for: history that a slow viewer may never take. */
export function deferBatch(
  block: EventBlock,
  rows: readonly number[],
  format: StreamFormat,
  withPayload: boolean,
): Batch {
  return {
    count: rows.length,
    wire: (from, to) => makeBatch(block, rows, format, withPayload).wire(from, to),
  }
}

const sink = new ByteSink()

/** One text message an event. */
class JsonBatch implements Batch {
  readonly count: number
  readonly #bytes: Uint8Array
  readonly #ends: Uint32Array

  constructor(block: EventBlock, rows: readonly number[], withPayload: boolean) {
    this.count = rows.length
    this.#ends = new Uint32Array(rows.length)
    sink.length = 0
    for (const [i, row] of rows.entries()) {
      // The header's size depends on the text's: leave room for the largest, then close the gap.
      const start = sink.length
      sink.reserve(MAX_FRAME_HEADER_BYTES)
      sink.length = start + MAX_FRAME_HEADER_BYTES
      appendJsonFrame(sink, block, row, withPayload)
      const length = sink.length - start - MAX_FRAME_HEADER_BYTES
      const header = frameHeaderBytes(length)
      sink.bytes.copyWithin(start + header, start + MAX_FRAME_HEADER_BYTES, sink.length)
      writeFrameHeader(sink.bytes, start, OPCODE.text, length)
      sink.length = start + header + length
      this.#ends[i] = sink.length
    }
    this.#bytes = sink.bytes.slice(0, sink.length)
  }

  wire(from: number, to: number): readonly Uint8Array[] {
    return [this.#bytes.subarray(from === 0 ? 0 : this.#ends[from - 1], to === 0 ? 0 : this.#ends[to - 1])]
  }
}

/** One binary message with a block of all the events. */
class BlockBatch implements Batch {
  readonly count: number
  readonly #block: EventBlock

  constructor(block: EventBlock, rows: readonly number[], withPayload: boolean) {
    this.count = rows.length
    this.#block = rows.length === block.count && withPayload ? block : selectRows(block, rows, withPayload)
  }

  wire(from: number, to: number): readonly Uint8Array[] {
    if (from === 0 && to === this.count) return framed(this.#block.bytes)
    const rows = Array.from({ length: to - from }, (_, i) => from + i)
    return framed(selectRows(this.#block, rows, true).bytes)
  }
}

/** Header and payload apart: the bytes of a block are not copied for its viewers. */
function framed(payload: Uint8Array): readonly Uint8Array[] {
  const header = new Uint8Array(frameHeaderBytes(payload.length))
  writeFrameHeader(header, 0, OPCODE.binary, payload.length)
  return [header, payload]
}
