import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { MAX_ROWS } from '@hepscope/shared/event/columns.ts'
import { selectRows } from '@hepscope/shared/event/select.ts'
import { ByteSink } from '@hepscope/shared/frame/byte-sink.ts'
import type { ControlFrame } from '@hepscope/shared/frame/control.ts'
import { appendJsonFrame } from '@hepscope/shared/frame/json.ts'
import { frameHeaderBytes, MAX_FRAME_HEADER_BYTES, OPCODE, writeFrameHeader } from './ws-frame.ts'

/** How a viewer wants its events. */
export type StreamFormat = 'json' | 'block'

/** What decides the bytes of an event. */
export interface EventForm {
  readonly format: StreamFormat
  readonly withPayload: boolean
  /** Control frames beside the events, and JSON events with the members that the original does not have. */
  readonly withControl: boolean
}

/** Rows of one block, in rising order. */
interface Part {
  readonly block: EventBlock
  readonly rows: readonly number[]
}

/**
 * Events that one filter lets pass, as bytes for a WebSocket: made when the first viewer takes them, and sent to every
 * viewer with that filter. They are of one node and epoch, in the order of their `seq`.
 */
export class Batch {
  readonly node: string
  readonly epoch: number
  readonly #form: EventForm
  readonly #parts: Part[]
  #count: number
  #encoded: EncodedEvents | undefined

  /** @param rows at least one, in rising order */
  constructor(block: EventBlock, rows: readonly number[], form: EventForm) {
    this.node = block.node
    this.epoch = block.epoch
    this.#form = form
    this.#parts = [{ block, rows }]
    this.#count = rows.length
  }

  get count(): number {
    return this.#count
  }

  /** Bytes of the blocks that it keeps in memory. */
  get heldBytes(): number {
    return this.#parts.reduce((sum, { block }) => sum + block.bytes.length, 0)
  }

  /**
   * Take more events in, so that viewers are written to once for several small blocks. Only of a batch that no viewer
   * has looked at yet.
   *
   * @returns whether they could be taken in
   */
  extend(block: EventBlock, rows: readonly number[]): boolean {
    if (this.#form.format !== 'json' || this.#count + rows.length > MAX_ROWS) return false
    if (block.node !== this.node || block.epoch !== this.epoch) return false
    this.#parts.push({ block, rows })
    this.#count += rows.length
    return true
  }

  /** `seq` of the event with this number in the batch. */
  seq(number: number): number {
    let left = number
    for (const { block, rows } of this.#parts) {
      const row = rows[left]
      if (row !== undefined) return block.seq(row)
      left -= rows.length
    }
    return 0
  }

  /** Wire bytes of the events `from` up to `to`: whole WebSocket messages, to be written as they are. */
  wire(from: number, to: number): readonly Uint8Array[] {
    this.#encoded ??= encode(this.#parts, this.#count, this.#form)
    return this.#encoded.wire(from, to)
  }
}

/** A control frame on its way to all viewers of a group. */
export class Notice {
  readonly frame: ControlFrame
  #wire: Uint8Array | undefined

  constructor(frame: ControlFrame) {
    this.frame = frame
  }

  get wire(): Uint8Array {
    return (this.#wire ??= controlWire(this.frame))
  }
}

const encoder = new TextEncoder()

/** A control frame as one WebSocket message. */
export function controlWire(frame: ControlFrame): Uint8Array {
  const text = encoder.encode(JSON.stringify(frame))
  const header = frameHeaderBytes(text.length)
  const wire = new Uint8Array(header + text.length)
  writeFrameHeader(wire, 0, OPCODE.text, text.length)
  wire.set(text, header)
  return wire
}

interface EncodedEvents {
  wire(from: number, to: number): readonly Uint8Array[]
}

function encode(parts: readonly Part[], count: number, form: EventForm): EncodedEvents {
  const [first] = parts
  if (form.format === 'json' || first === undefined) return new JsonEvents(parts, count, form)
  return new BlockEvents(first.block, first.rows, form)
}

const sink = new ByteSink()

/** One text message an event. */
class JsonEvents implements EncodedEvents {
  /** A Buffer, as sockets would make one of anything else for each viewer. */
  readonly #bytes: Buffer
  readonly #ends: Uint32Array

  constructor(parts: readonly Part[], count: number, { withPayload, withControl }: EventForm) {
    this.#ends = new Uint32Array(count)
    sink.length = 0
    let number = 0
    for (const { block, rows } of parts) {
      for (const row of rows) {
        // The header's size depends on the text's: leave room for the largest, then close the gap.
        const start = sink.length
        sink.reserve(MAX_FRAME_HEADER_BYTES)
        sink.length = start + MAX_FRAME_HEADER_BYTES
        appendJsonFrame(sink, block, row, withPayload, withControl)
        const length = sink.length - start - MAX_FRAME_HEADER_BYTES
        const header = frameHeaderBytes(length)
        sink.bytes.copyWithin(start + header, start + MAX_FRAME_HEADER_BYTES, sink.length)
        writeFrameHeader(sink.bytes, start, OPCODE.text, length)
        sink.length = start + header + length
        this.#ends[number++] = sink.length
      }
    }
    this.#bytes = Buffer.from(sink.bytes.subarray(0, sink.length))
  }

  wire(from: number, to: number): readonly Uint8Array[] {
    if (from === 0 && to === this.#ends.length) return [this.#bytes]
    return [this.#bytes.subarray(from === 0 ? 0 : this.#ends[from - 1], to === 0 ? 0 : this.#ends[to - 1])]
  }
}

/** One binary message with a block of all the events. */
class BlockEvents implements EncodedEvents {
  readonly #block: EventBlock

  constructor(block: EventBlock, rows: readonly number[], { withPayload }: EventForm) {
    this.#block = rows.length === block.count && withPayload ? block : selectRows(block, rows, withPayload)
  }

  wire(from: number, to: number): readonly Uint8Array[] {
    if (from === 0 && to === this.#block.count) return framed(this.#block.bytes)
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
