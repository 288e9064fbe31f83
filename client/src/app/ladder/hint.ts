import type { SdpHint } from './ladder-view.ts'
import { type MediaReport, MOS_FORMULA, reportTexts } from './media-report.ts'
import type { Hint } from './row.ts'
import type { SdpFact } from './sdp-story.ts'

const CHANGE_WORDS = { hold: '‖ hold', resume: '▶ resume', address: '⇄ new media address' } as const
/** Codecs of an offer that are named; the rest is counted. */
const MAX_CODECS = 3

/** What stands beside a label because of a session description. */
export function sdpHintOf(fact: SdpFact, mode: SdpHint): Hint | undefined {
  const { role, codecs, address, direction, change, isMismatch } = fact
  const words = isMismatch ? '✕ no common codec' : change === undefined ? '' : CHANGE_WORDS[change]
  const shown = role === 'answer' ? codecs.slice(0, 1) : codecs.slice(0, MAX_CODECS)
  const more = role === 'answer' || codecs.length <= shown.length ? '' : ` +${codecs.length - shown.length}`
  const names = `${shown.join(' ')}${more}`
  const details =
    mode === 'full' ? [names, address, direction === 'sendrecv' ? '' : direction] : mode === 'codec' ? [names] : []
  const text = [words, ...details].filter((part) => part !== '').join(' · ')
  if (text === '') return undefined
  return {
    text,
    kind: isMismatch ? 'mismatch' : (change ?? role),
    title: `${role} ${codecs.join(', ')} at ${address || 'no address'}, ${direction}${words && ` · ${words}`}`,
  }
}

/**
 * What stands beside the label of a message that reports on media.
 *
 * @param hasText false where the label itself has the figures, and only the tooltip is needed
 */
export function reportHintOf(report: MediaReport, hasText: boolean): Hint {
  const roundTrip = report.roundTripMs === undefined ? '' : ` · round trip ${Math.round(report.roundTripMs)} ms`
  return {
    text: hasText ? reportTexts(report).join(' · ') : '',
    kind: 'media',
    title: `${report.source}${roundTrip}${report.isEstimated ? ` · ${MOS_FORMULA}` : ''}`,
  }
}
