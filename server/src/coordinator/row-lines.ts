import { StringDecoder } from 'node:string_decoder'
import { SourceError } from './question.ts'

/** Several times the longest row: a payload of 64 KiB in text and in base64, both escaped. */
const MAX_LINE_CHARS = 4 * 1024 * 1024

/** Cuts the pieces of a text into its lines. */
export class RowLines {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  /** @returns the lines that have ended. @throws SourceError if one does not end */
  add(piece: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length))).split(
      '\n',
    )
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > MAX_LINE_CHARS) throw new SourceError('it sent a line without an end')
    return lines
  }
}
