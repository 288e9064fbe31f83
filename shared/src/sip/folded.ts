import { INPUT } from '../bytes/input.ts'
import { CR, LF, SP, TAB } from './chars.ts'
import { FOUR_LF, nextOf } from './word.ts'

/**
 * Join folded header lines by spaces instead of their line ends, which keeps all offsets.
 *
 * @param at start line of the message in the input; it is not joined
 * @param end of the message, where a LF stands
 * @see RFC 3261 section 7.3.1
 */
export function joinFolded(at: number, end: number): void {
  let next = nextOf(FOUR_LF, at, end) + 1
  while (next < end && !isEmptyLine(next)) {
    const lf = nextOf(FOUR_LF, next, end)
    if (lf === end) return
    next = lf + 1
    if (INPUT[next] !== SP && INPUT[next] !== TAB) continue
    INPUT[lf] = SP
    if (INPUT[lf - 1] === CR) INPUT[lf - 1] = SP
  }
}

function isEmptyLine(at: number): boolean {
  return INPUT[at] === LF || (INPUT[at] === CR && INPUT[at + 1] === LF)
}
