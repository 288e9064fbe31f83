import type { DelayFigure } from '@hepscope/shared/figures/delays.ts'
import type { Figures, RatioFigure } from '@hepscope/shared/figures/figures.ts'

interface FigureText {
  readonly name: string
  readonly meaning: string
  /** How it is computed, for those who have to argue about it. */
  readonly formula: string
  readonly source: string
}

/** A figure that is a share of calls. */
export interface RatioText extends FigureText {
  readonly read: (figures: Figures) => RatioFigure
}

/** A figure that is a length of time. */
export interface DelayText extends FigureText {
  readonly read: (figures: Figures) => DelayFigure
}

/** Shares of calls and registrations, in the order in which they are shown. */
export const RATIOS: readonly RatioText[] = [
  {
    name: 'ASR',
    meaning: 'answer seizure ratio',
    formula: 'answered ÷ all calls whose fate is known',
    source: 'ITU-T E.411',
    read: ({ asr }) => asr,
  },
  {
    name: 'NER',
    meaning: 'network effectiveness ratio',
    formula: '(answered + busy, declined, unavailable, not answered, cancelled) ÷ all calls whose fate is known',
    source: 'ITU-T E.425',
    read: ({ ner }) => ner,
  },
  {
    name: 'SER',
    meaning: 'session establishment ratio',
    formula: '200 ÷ (all − 3xx − challenges that were not answered)',
    source: 'RFC 6076, 4.6',
    read: ({ ser }) => ser,
  },
  {
    name: 'SEER',
    meaning: 'session establishment effectiveness ratio',
    formula: '(200 + 480 + 486 + 600 + 603) ÷ (all − 3xx − challenges that were not answered)',
    source: 'RFC 6076, 4.7',
    read: ({ seer }) => seer,
  },
  {
    name: 'ISA',
    meaning: 'ineffective session attempts',
    formula: '(408 + 500 + 503 + 504) ÷ all',
    source: 'RFC 6076, 4.8',
    read: ({ isa }) => isa,
  },
  {
    name: 'SCR',
    meaning: 'session completion ratio',
    formula: 'answered and ended by BYE ÷ all that do not run any more and whose end was seen',
    source: 'RFC 6076, 4.9',
    read: ({ scr }) => scr,
  },
  {
    name: 'IRA',
    meaning: 'ineffective registration attempts',
    formula: 'REGISTER with 4xx (without 401, 402, 407), 5xx, 6xx or no answer ÷ all registrations',
    source: 'RFC 6076, 4.2',
    read: ({ ira }) => ira,
  },
]

/** Lengths of time, in the order in which they are shown. */
export const DELAYS: readonly DelayText[] = [
  {
    name: 'PDD',
    meaning: 'post dial delay',
    formula: 'first INVITE to the first 18x or the answer, of all calls that had one',
    source: 'ITU-T E.721',
    read: ({ pdd }) => pdd,
  },
  {
    name: 'ACD',
    meaning: 'average call duration; SDT of RFC 6076',
    formula: 'answer to BYE, of calls that ended',
    source: 'RFC 6076, 4.5',
    read: ({ sdt }) => sdt,
  },
  {
    name: 'SRD',
    meaning: 'session request delay of calls that were answered',
    formula: 'first INVITE to the first 18x or the answer',
    source: 'RFC 6076, 4.3.1',
    read: ({ srd }) => srd,
  },
  {
    name: 'SRD failed',
    meaning: 'session request delay of calls that were refused',
    formula: 'first INVITE to the final answer, without 3xx and challenges',
    source: 'RFC 6076, 4.3.2',
    read: ({ srdFailed }) => srdFailed,
  },
  {
    name: 'SDD',
    meaning: 'session disconnect delay',
    formula: 'BYE to the first final answer to it at any hop',
    source: 'RFC 6076, 4.4',
    read: ({ sdd }) => sdd,
  },
  {
    name: 'RRD',
    meaning: 'registration request delay',
    formula: 'REGISTER to its 200',
    source: 'RFC 6076, 4.1',
    read: ({ rrd }) => rrd,
  },
]

/** Microseconds for people: `38 ms`, `1.44 s`, `2:03`; a dash for nothing. */
export function formatDelay(us: number | undefined): string {
  if (us === undefined) return '–'
  if (us < 999_500) return `${us < 9950 ? (us / 1000).toFixed(1) : Math.round(us / 1000)} ms`
  if (us < 59_995_000) return `${(us / 1_000_000).toFixed(us < 9_995_000 ? 2 : 1)} s`
  const seconds = Math.round(us / 1_000_000)
  const minutes = Math.floor(seconds / 60)
  const rest = String(seconds % 60).padStart(2, '0')
  return minutes < 60
    ? `${minutes}:${rest}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`
}
