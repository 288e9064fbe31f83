import type { TextColumn } from '../event/columns.ts'
import type { RowReader } from './row-reader.ts'

/** A correlation id shorter than this is a constant such as `0` or `-`. */
const MIN_LINK_BYTES = 4
/** What OpenSIPS writes where it has no Call-ID. */
const NULL_LINK = '<null>'

/** False for what agents write where they have no id to give. */
export function isLink(row: RowReader, column: TextColumn): boolean {
  const length = row.block.textLength[row.row + column * row.block.rows] ?? 0
  return length >= MIN_LINK_BYTES && (length !== NULL_LINK.length || row.text(column) !== NULL_LINK)
}

/** True if two text columns of a row hold the same bytes. */
export function isSameText(row: RowReader, a: TextColumn, b: TextColumn): boolean {
  const { block } = row
  const i = row.row + a * block.rows
  const j = row.row + b * block.rows
  const length = block.textLength[i] ?? 0
  if (length !== block.textLength[j]) return false
  const at = block.textAt[i] ?? 0
  const other = block.textAt[j] ?? 0
  const { arena } = block
  for (let k = 0; k < length; k++) if (arena[at + k] !== arena[other + k]) return false
  return true
}
