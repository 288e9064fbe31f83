import type { Evidence } from './call.ts'

/** Bits in which evidence is kept. */
export const EVIDENCE = {
  startedBefore: 1,
  answerNotSeen: 2,
  ackNotSeen: 4,
  byeNotSeen: 8,
  silent: 16,
  gapInside: 32,
} as const

/** Bits that a call has if any of its legs has them; the others speak of the A leg alone. */
export const EVIDENCE_OF_ANY_LEG = EVIDENCE.ackNotSeen | EVIDENCE.byeNotSeen | EVIDENCE.gapInside

const WORDS: readonly (readonly [bit: number, word: Evidence])[] = [
  [EVIDENCE.startedBefore, 'started-before-capture'],
  [EVIDENCE.answerNotSeen, 'answer-not-seen'],
  [EVIDENCE.ackNotSeen, 'ack-not-seen'],
  [EVIDENCE.byeNotSeen, 'bye-not-seen'],
  [EVIDENCE.silent, 'silent'],
  [EVIDENCE.gapInside, 'gap-inside'],
]

const LISTS: readonly (readonly Evidence[])[] = Array.from({ length: 64 }, (_, bits) =>
  Object.freeze(WORDS.flatMap(([bit, word]) => ((bits & bit) === 0 ? [] : [word]))),
)

/** Bits as words: the same frozen array for the same bits. */
export function evidenceWords(bits: number): readonly Evidence[] {
  return LISTS[bits] ?? []
}
