import { EventBlock } from './block.ts'
import { HEADER, TEXT_COLUMNS } from './columns.ts'

const MAX_NAME_BYTES = 0xffff

/** A copy of a block under another node name; all else stays. */
export function renameNode(block: EventBlock, node: string): EventBlock {
  const { bytes, arena } = block
  const name = new TextEncoder().encode(node).subarray(0, MAX_NAME_BYTES)
  const oldView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const oldName = oldView.getUint16(HEADER.nodeLength, true)
  const arenaAt = oldView.getUint32(HEADER.arenaAt, true)
  // The name opens the arena, so every text behind it moves.
  const moved = name.length - oldName
  const arenaLength = arena.length + moved
  const copy = new Uint8Array((arenaAt + arenaLength + 7) & ~7)
  copy.set(bytes.subarray(0, arenaAt))
  copy.set(name, arenaAt)
  copy.set(arena.subarray(oldName), arenaAt + name.length)
  const view = new DataView(copy.buffer)
  view.setUint32(HEADER.byteLength, copy.length, true)
  view.setUint32(HEADER.arenaLength, arenaLength, true)
  view.setUint16(HEADER.nodeLength, name.length, true)
  const renamed = new EventBlock(copy)
  for (let row = 0; row < block.count; row++) {
    if ((block.payloadLength[row] ?? 0) > 0) renamed.payloadAt[row] = (block.payloadAt[row] ?? 0) + moved
    else renamed.payloadAt[row] = 0
    for (let column = 0; column < TEXT_COLUMNS; column++) {
      const i = row + column * block.rows
      renamed.textAt[i] = (block.textLength[i] ?? 0) > 0 ? (block.textAt[i] ?? 0) + moved : 0
    }
  }
  return renamed
}
