import type { EventBlock } from '@hepscope/shared/event/block.ts'
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

/**
 * The events of one block that one filter lets pass, as bytes for a WebSocket: made when the first viewer takes them,
 * and sent to every viewer with that filter.
 */
export class Batch {
  readonly block: EventBlock
  readonly rows: readonly number[]
  readonly #form: EventForm
  #encoded: EncodedEvents | undefined

  /** @param rows at least one, in rising order */
  constructor(block: EventBlock, rows: readonly number[], form: EventForm) {
    this.block = block
    this.rows = rows
    this.#form = form
  }

  get count(): number {
    return this.rows.length
  }

  /** `seq` of the event with this number in the batch. */
  seq(number: number): number {
    return this.block.seq(this.rows[number] ?? 0)
  }

  /** Wire bytes of the events `from` up to `to`: whole WebSocket messages, to be written as they are. */
  wire(from: number, to: number): readonly Uint8Array[] {
    this.#encoded ??= encode(this.block, this.rows, this.#form)
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

function encode(block: EventBlock, rows: readonly number[], form: EventForm): EncodedEvents {
  return form.format === 'json' ? new JsonEvents(block, rows, form) : new BlockEvents(block, rows, form)
}

const sink = new ByteSink()

/** One text message an event. */
class JsonEvents implements EncodedEvents {
  readonly #bytes: Uint8Array
  readonly #ends: Uint32Array

  constructor(block: EventBlock, rows: readonly number[], { withPayload, withControl }: EventForm) {
    this.#ends = new Uint32Array(rows.length)
    sink.length = 0
    for (const [i, row] of rows.entries()) {
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
      this.#ends[i] = sink.length
    }
    this.#bytes = sink.bytes.slice(0, sink.length)
  }

  wire(from: number, to: number): readonly Uint8Array[] {
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
