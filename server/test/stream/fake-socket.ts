import { readBlock } from '@hepscope/shared/event/block.ts'
import { type ControlFrame, isControlFrame } from '@hepscope/shared/frame/control.ts'
import type { StreamSink } from '../../src/stream/subscription.ts'

/** A viewer's socket: takes everything at once, or nothing until told. */
export class FakeSocket implements StreamSink {
  isStuck = false
  readonly chunks: Uint8Array[] = []

  get bufferedBytes(): number {
    return this.isStuck ? Infinity : 0
  }

  write(pieces: readonly Uint8Array[]): void {
    this.chunks.push(new Uint8Array(Buffer.concat(pieces)))
  }

  /** Payloads of the WebSocket messages that arrived. */
  get messages(): Uint8Array[] {
    const found: Uint8Array[] = []
    for (const chunk of this.chunks) {
      let at = 0
      while (at < chunk.length) {
        const short = (chunk[at + 1] ?? 0) & 0x7f
        const view = new DataView(chunk.buffer, chunk.byteOffset + at)
        const length = short < 126 ? short : short === 126 ? view.getUint16(2) : Number(view.getBigUint64(2))
        const header = short < 126 ? 2 : short === 126 ? 4 : 10
        found.push(chunk.subarray(at + header, at + header + length))
        at += header + length
      }
    }
    return found
  }

  /** Text messages, parsed. */
  get frames(): object[] {
    return this.messages.flatMap((message) => {
      const text = new TextDecoder().decode(message)
      return text.startsWith('{') ? [JSON.parse(text) as object] : []
    })
  }

  get callIds(): string[] {
    const events = this.frames.filter((frame) => !isControlFrame(frame)) as { sip: { callid: string } }[]
    return events.map(({ sip }) => sip.callid)
  }

  get control(): ControlFrame[] {
    return this.frames.filter(isControlFrame)
  }

  get seqs(): number[] {
    const blocks = this.messages.filter((message) => message[0] !== 0x7b)
    return blocks.flatMap((message) => {
      const result = readBlock(message)
      if (!result.ok) throw new Error(result.reason)
      return Array.from({ length: result.block.count }, (_, row) => result.block.seq(row))
    })
  }
}
