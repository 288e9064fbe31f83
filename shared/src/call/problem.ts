import type { Call } from './call.ts'

/** First sign of the other side later than this is a slow setup. */
export const SLOW_SETUP_US = 5_000_000
/** Talks below this are short: carriers count calls of up to six seconds as short ones. */
export const SHORT_TALK_US = 6_000_000
/** So many challenges with one code are a loop: one is usual, a second may be a stale nonce. */
export const AUTH_LOOP_CHALLENGES = 3
/** So many repeats are a storm: an INVITE that nobody hears is sent seven times by RFC 3261's timers. */
export const STORM_RETRANSMISSIONS = 5

/** What scanners call themselves, by how it begins, in lower case. */
const SCANNERS = [
  'friendly-scanner',
  'friendly-request',
  'sipvicious',
  'sipcli',
  'sip-scan',
  'sipscan',
  'sundayddr',
  'svcrack',
  'svmap',
  'svwar',
  'vaxsipuseragent',
  'pplsip',
  'iwar',
  'smap',
  'siparmyknife',
  'nmap',
  'masscan',
  'zgrab',
] as const

/** What may be true of a call beside its state: a word, what it means, and the test. */
interface Trait {
  readonly title: string
  readonly holds: (call: Call) => boolean
}

/** Troubles that an analyst looks for. */
export const PROBLEMS = {
  failed: {
    title: 'Ended by a fault: a state of the class "bad", so neither busy, declined nor cancelled',
    holds: (call) => call.stateClass === 'bad',
  },
  'slow-setup': {
    title: 'More than 5 s from INVITE to the first sign of the other side',
    holds: (call) => (call.postDialDelayUs ?? 0) > SLOW_SETUP_US,
  },
  'short-call': {
    title: 'Answered, and ended within 6 s',
    holds: (call) => call.kind === 'call' && call.talkUs !== undefined && call.talkUs < SHORT_TALK_US,
  },
  'auth-loop': {
    title: 'The same challenge, 401 or 407, three times or more in a row',
    holds: (call) => call.challengeCount >= AUTH_LOOP_CHALLENGES,
  },
  'retransmission-storm': {
    title: 'Five or more retransmissions',
    holds: (call) => call.retransmissionCount >= STORM_RETRANSMISSIONS,
  },
  'no-ack': {
    title: 'The answer was repeated, or the call went on, without an ACK',
    holds: (call) => call.evidence.includes('ack-not-seen'),
  },
  'no-bye': {
    title: 'It ended, or fell silent for four hours, without a BYE',
    holds: (call) =>
      call.evidence.includes('bye-not-seen') || (call.state === 'in-call' && call.evidence.includes('silent')),
  },
  'codec-mismatch': {
    title: 'Refused with 488 or 606, or answered with none of the offered audio codecs (the latter needs payloads)',
    holds: (call) => call.hasCodecMismatch,
  },
  scanner: {
    title: 'Its User-Agent is that of a known scanner',
    holds: (call) => isScanner(call.userAgent),
  },
} as const satisfies Record<string, Trait>

export type Problem = keyof typeof PROBLEMS
export const PROBLEM_NAMES: readonly Problem[] = Object.freeze(keysOf(PROBLEMS))

/** Other words that a filter knows behind `is:`. */
export const CONDITIONS = {
  answered: { title: 'Got a 2xx', holds: (call) => call.answerAtUs !== undefined },
  running: { title: 'A call that is being set up or talks', holds: (call) => call.isRunning },
  incomplete: { title: 'Something of it was not seen', holds: (call) => call.evidence.length > 0 },
  retransmitted: { title: 'Some message was sent again', holds: (call) => call.retransmissionCount > 0 },
  joined: { title: 'Has more than one leg', holds: (call) => call.legs.length > 1 },
} as const satisfies Record<string, Trait>

/** Every word behind `is:`. */
export const TRAITS: Readonly<Record<string, Trait>> = { ...PROBLEMS, ...CONDITIONS }

/** The problems of a call as bits: bit n stands for `PROBLEM_NAMES[n]`. */
export function problemBits(call: Call): number {
  let bits = 0
  PROBLEM_NAMES.forEach((name, i) => {
    if (PROBLEMS[name].holds(call)) bits |= 1 << i
  })
  return bits
}

function isScanner(userAgent: string): boolean {
  if (userAgent === '') return false
  const text = userAgent.toLowerCase()
  return SCANNERS.some((name) => text.startsWith(name))
}

function keysOf<K extends string>(record: Readonly<Record<K, Trait>>): K[] {
  return Object.keys(record) as K[]
}
