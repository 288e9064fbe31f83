/** WebSocket opcodes that the stream sends (RFC 6455 section 5.2). */
export const OPCODE = { text: 0x1, binary: 0x2 } as const

/** Most bytes of a frame header from a server: no mask. */
export const MAX_FRAME_HEADER_BYTES = 10

/**
 * Write the header of an unfragmented, unmasked frame.
 *
 * @param out has room for 10 bytes from `at`
 * @returns the header's size: 2, 4 or 10 bytes
 */
export function writeFrameHeader(out: Uint8Array, at: number, opcode: number, payloadLength: number): number {
  out[at] = 0x80 | opcode
  if (payloadLength < 126) {
    out[at + 1] = payloadLength
    return 2
  }
  if (payloadLength <= 0xffff) {
    out[at + 1] = 126
    out[at + 2] = payloadLength >> 8
    out[at + 3] = payloadLength & 0xff
    return 4
  }
  out[at + 1] = 127
  for (let i = 0; i < 8; i++) out[at + 2 + i] = Math.floor(payloadLength / 256 ** (7 - i)) & 0xff
  return 10
}

/** Size of the header that `writeFrameHeader` would write. */
export function frameHeaderBytes(payloadLength: number): number {
  return payloadLength < 126 ? 2 : payloadLength <= 0xffff ? 4 : 10
}
