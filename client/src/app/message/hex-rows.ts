/** Sixteen bytes as they are shown. */
export interface HexRow {
  /** Offset of the first, eight hex digits. */
  readonly offset: string
  /** Two hex digits each, a wider gap after eight. */
  readonly hex: string
  /** Printable ASCII; a dot for every other byte. */
  readonly text: string
}

export const BYTES_A_ROW = 16

/** Bytes as a hex dump. */
export function hexRows(bytes: Uint8Array): readonly HexRow[] {
  const rows: HexRow[] = []
  for (let at = 0; at < bytes.length; at += BYTES_A_ROW) {
    const part = [...bytes.subarray(at, at + BYTES_A_ROW)]
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0'))
    rows.push({
      offset: at.toString(16).padStart(8, '0'),
      hex: `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`.trimEnd(),
      text: part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(''),
    })
  }
  return rows
}
