import { type DelayFigure, Delays } from './delays.ts'
import { type CountedFacts, type Outcome, outcomeOf, registrationOutcomeOf } from './outcome.ts'

/** A part of a whole, and what could not be counted. */
export interface RatioFigure {
  readonly part: number
  readonly whole: number
  /** 0 to 100; undefined where the whole is 0. */
  readonly percent: number | undefined
}

/**
 * Figures of a set of calls and registrations.
 *
 * A call is counted once, by its A leg, however many hops and legs were seen of it. Calls that nothing has decided
 * yet are in `pending`, and calls of which messages are missing in `unclear`; both are in no other figure.
 *
 * @see RFC 6076 section 4; `asr`, `ner`, `acd` and `pdd` are the operators' words (ITU-T E.411, E.425)
 */
export interface Figures {
  /** Calls whose fate is known. */
  readonly decided: number
  readonly pending: number
  readonly unclear: number
  /** 4.6: answered, of all that were neither redirected nor left at a challenge. */
  readonly ser: RatioFigure
  /** 4.7: answered or refused by the user (480, 486, 600, 603), of the same whole. */
  readonly seer: RatioFigure
  /** 4.8: 408, 500, 503, 504, of all. */
  readonly isa: RatioFigure
  /** 4.9: answered and ended by a BYE, of all that do not run any more. */
  readonly scr: RatioFigure
  /** 4.2: REGISTERs that failed, of all; a challenge is no failure. */
  readonly ira: RatioFigure
  /** 4.1: REGISTER to its 200. */
  readonly rrd: DelayFigure
  /** 4.3.1: INVITE to the first sign of the other side, of calls that were answered. */
  readonly srd: DelayFigure
  /** 4.3.2: INVITE to the refusal. */
  readonly srdFailed: DelayFigure
  /** 4.4: BYE to its answer. */
  readonly sdd: DelayFigure
  /** 4.5: answer to BYE. Its mean is the ACD. */
  readonly sdt: DelayFigure
  /** Answered, of all. */
  readonly asr: RatioFigure
  /** Answered, refused or given up by a person, of all: what the network did not spoil. */
  readonly ner: RatioFigure
  /** INVITE to the first sign of the other side, of all calls that had one. */
  readonly pdd: DelayFigure
}

const NO_OUTCOMES: Readonly<Record<Outcome, number>> = {
  answered: 0,
  redirected: 0,
  challenged: 0,
  'by-user': 0,
  ineffective: 0,
  refused: 0,
  pending: 0,
  unclear: 0,
}

/** Sums from which figures are made. Sums of two sets of calls may be added. */
export class FigureSums {
  readonly #outcomes = { ...NO_OUTCOMES }
  /** Answered calls that go on, or whose end was not seen. */
  #running = 0
  #endUnclear = 0
  #completed = 0
  /** Not answered, and by the choice of a person. */
  #declined = 0
  #registered = 0
  #registrationsFailed = 0
  readonly #rrd = new Delays()
  readonly #srd = new Delays()
  readonly #srdFailed = new Delays()
  readonly #sdd = new Delays()
  readonly #sdt = new Delays()
  readonly #pdd = new Delays()

  /** Count one call or registration as it is now; other kinds are not counted. */
  add(facts: CountedFacts): void {
    if (facts.kind === 'call') this.#addCall(facts)
    else if (facts.kind === 'registration') this.#addRegistration(facts)
  }

  addAll(other: FigureSums): void {
    for (const outcome of Object.keys(NO_OUTCOMES) as Outcome[]) this.#outcomes[outcome] += other.#outcomes[outcome]
    this.#running += other.#running
    this.#endUnclear += other.#endUnclear
    this.#completed += other.#completed
    this.#declined += other.#declined
    this.#registered += other.#registered
    this.#registrationsFailed += other.#registrationsFailed
    this.#rrd.addAll(other.#rrd)
    this.#srd.addAll(other.#srd)
    this.#srdFailed.addAll(other.#srdFailed)
    this.#sdd.addAll(other.#sdd)
    this.#sdt.addAll(other.#sdt)
    this.#pdd.addAll(other.#pdd)
  }

  figures(): Figures {
    const { answered, redirected, challenged, ineffective, refused, pending, unclear } = this.#outcomes
    const byUser = this.#outcomes['by-user']
    const decided = answered + redirected + challenged + byUser + ineffective + refused
    const attempts = decided - redirected - challenged
    return {
      decided,
      pending,
      unclear,
      ser: ratio(answered, attempts),
      seer: ratio(answered + byUser, attempts),
      isa: ratio(ineffective, decided),
      scr: ratio(this.#completed, decided - this.#running - this.#endUnclear),
      ira: ratio(this.#registrationsFailed, this.#registered + this.#registrationsFailed),
      rrd: this.#rrd.figure(),
      srd: this.#srd.figure(),
      srdFailed: this.#srdFailed.figure(),
      sdd: this.#sdd.figure(),
      sdt: this.#sdt.figure(),
      asr: ratio(answered, decided),
      ner: ratio(answered + this.#declined, decided),
      pdd: this.#pdd.figure(),
    }
  }

  #addCall(facts: CountedFacts): void {
    const outcome = outcomeOf(facts)
    this.#outcomes[outcome]++
    if (outcome === 'pending' || outcome === 'unclear') return
    const { firstUs, endAtUs, postDialDelayUs } = facts
    if (postDialDelayUs !== undefined) this.#pdd.add(postDialDelayUs)
    if (outcome === 'answered') this.#addAnswered(facts)
    else {
      if (facts.stateClass === 'off' && outcome !== 'redirected') this.#declined++
      if (outcome !== 'redirected' && outcome !== 'challenged' && endAtUs !== undefined) {
        this.#srdFailed.add(Math.max(0, endAtUs - firstUs))
      }
    }
  }

  #addAnswered({ state, postDialDelayUs, talkUs, disconnectUs, evidence }: CountedFacts): void {
    if (postDialDelayUs !== undefined) this.#srd.add(postDialDelayUs)
    if (evidence.includes('bye-not-seen') || evidence.includes('silent')) this.#endUnclear++
    else if (state !== 'ended') this.#running++
    else {
      this.#completed++
      if (talkUs !== undefined) this.#sdt.add(talkUs)
      if (disconnectUs !== undefined) this.#sdd.add(disconnectUs)
    }
  }

  #addRegistration(facts: CountedFacts): void {
    const outcome = registrationOutcomeOf(facts)
    if (outcome === 'failed') this.#registrationsFailed++
    if (outcome !== 'registered') return
    this.#registered++
    if (facts.responseTimeUs !== undefined) this.#rrd.add(facts.responseTimeUs)
  }
}

function ratio(part: number, whole: number): RatioFigure {
  return { part, whole, percent: whole === 0 ? undefined : (100 * part) / whole }
}
