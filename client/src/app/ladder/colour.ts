import { isSip } from './label.ts'
import type { ColourMode } from './ladder-view.ts'
import type { MessageRow, Tone } from './row.ts'

/** Colours of legs and CSeq numbers, used again from the first behind the last. */
export const SERIES = 6

/** What an arrow is coloured by; `series-1` to `series-6` are told apart by nothing else than their number. */
export type Colour = Tone | 'asks' | 'answers' | `series-${1 | 2 | 3 | 4 | 5 | 6}`

/**
 * Colour of an arrow. Each mode has a second cue that needs no colour: `class` the code in the label, `direction` the
 * shape of the head, `call-id` the leg's letter, `cseq` its number.
 */
export function colourOf(row: MessageRow, mode: ColourMode): Colour {
  const { message, tone, leg } = row
  if (!isSip(message)) return tone
  switch (mode) {
    case 'class':
      return tone
    case 'direction':
      return message.statusCode === 0 ? 'asks' : 'answers'
    case 'call-id':
      return seriesOf(legNumber(leg))
    case 'cseq':
      return seriesOf(message.cseqNumber)
  }
}

/** Number of a leg's colour from 1 on; 0 for no leg. */
export function legNumber(leg: string): number {
  return leg === '' ? 0 : ((leg.charCodeAt(leg.length - 1) - 65) % SERIES) + 1
}

function seriesOf(number: number): Colour {
  return SERIES_COLOURS[(((number - 1) % SERIES) + SERIES) % SERIES] ?? 'other'
}

const SERIES_COLOURS = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'] as const

/** How an arrow's line is drawn, whatever its colour. */
export type ArrowStyle = 'request' | 'response' | 'fold' | 'report' | 'cancelled' | 'copy'

export function arrowStyleOf(row: MessageRow): ArrowStyle {
  if (row.copyAfterUs !== undefined) return 'copy'
  if (row.fold !== undefined) return 'fold'
  if (!isSip(row.message)) return 'report'
  if (row.arm?.outcome === 'cancelled' && row.message.statusCode === 0) return 'cancelled'
  return row.message.statusCode === 0 ? 'request' : 'response'
}
