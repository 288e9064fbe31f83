import type { EventBlock } from '@hepscope/shared/event/block.ts'
import type { ExportedCalls } from './call-export.ts'
import type { Command, Notice } from './protocol.ts'

type ExportCommand = Extract<Command, { readonly type: 'export' }>

/**
 * Make the file that was asked for. What writes it is loaded with the first one, for a list needs nothing of it.
 *
 * @param events of the calls, in order of time
 */
export async function answerExport(
  { format, maskKey }: ExportCommand,
  events: readonly (readonly [block: EventBlock, row: number])[],
  send: (notice: Notice) => void,
): Promise<void> {
  let exported: ExportedCalls
  try {
    const { exportCalls } = await import('./call-export.ts')
    exported = exportCalls(format, events, maskKey)
  } catch (error) {
    const fault = `the file could not be written: ${error instanceof Error ? error.message : String(error)}`
    exported = { format, bytes: new Uint8Array(0), messageCount: 0, withoutPayload: 0, skippedCount: 0, fault }
  }
  send({ type: 'exported', exported })
}
