import type { HepPacket } from '@hepscope/shared/hep/packet.ts'
import { AddressPlan } from './address-plan.ts'
import { Clock } from './clock.ts'
import { Leg, type LegCast } from './leg.ts'
import { MediaFlow } from './media.ts'
import { hostPort, type Party } from './party.ts'
import type { Random } from './random.ts'

/** Packets of one call in time order, made one at a time as they are asked for. */
export type Flow = Generator<HepPacket, void, undefined>

/** What a scenario needs of the parties of its first leg. */
export interface Casting {
  readonly callee: 'anyone' | 'phone' | 'trunk' | 'border-controller' | 'registrar'
  /** The caller's and the callee's hop are UDP, so that messages can be lost. */
  readonly udp?: boolean
}

export interface CallSettings {
  /** Whole microseconds since 1970. */
  readonly startUs: number
  /** Factor on the times that people take: ringing, talking, holding. */
  readonly durationScale: number
  /** Share of calls with RTCP reports while talking, 0 to 1. */
  readonly rtcpShare: number
  /** Share of calls with log lines of the proxy, 0 to 1. */
  readonly logShare: number
  /** Text that every Call-ID contains; characters of a SIP token. */
  readonly callIdMark: string
}

const TRUNK_SHARE = 0.6

/** One simulated call: its parties, clock and chance. A call's values depend on its random source and settings alone. */
export class Call {
  readonly random: Random
  readonly clock: Clock
  readonly leg: Leg
  readonly hasLogs: boolean
  readonly plan: AddressPlan
  /** Reports of both directions, if this call has any. */
  readonly media: MediaFlow | undefined

  readonly #settings: CallSettings
  readonly #otherCallIds: string[] = []

  constructor(random: Random, casting: Casting, settings: CallSettings) {
    this.random = random
    this.#settings = settings
    this.clock = new Clock(settings.startUs, random)
    this.plan = new AddressPlan(random, casting.udp === true)
    const caller = this.plan.phone()
    const cast = { caller, proxy: this.plan.edge, callee: this.#callee(casting.callee) }
    const callId = this.#newCallId(caller)
    this.leg = new Leg(cast, { callId, correlationId: callId }, random, this.clock)
    this.media = random.chance(settings.rtcpShare) ? new MediaFlow(random) : undefined
    this.hasLogs = random.chance(settings.logShare)
  }

  /** A further leg with a Call-ID of its own, correlated with the first one. */
  addLeg(cast: LegCast): Leg {
    const callId = this.#newCallId(cast.caller)
    this.#otherCallIds.push(callId)
    return new Leg(cast, { callId, correlationId: this.leg.callId }, this.random, this.clock)
  }

  /** Call-IDs of the legs after the first. */
  get otherCallIds(): readonly string[] {
    return this.#otherCallIds
  }

  /** A time that people take, between the two and scaled, in microseconds. */
  peopleUs(minSec: number, maxSec: number): number {
    const seconds = minSec + this.random.unit() * (maxSec - minSec)
    return Math.round(seconds * 1_000_000 * this.#settings.durationScale)
  }

  waitForPeople(minSec: number, maxSec: number): void {
    this.clock.advanceTo(this.clock.nowUs + this.peopleUs(minSec, maxSec))
  }

  /** Time that a message takes to a party and its answer back. */
  waitForAnswer(): void {
    this.clock.advance(8, 70)
  }

  /** Time that a proxy takes to pass a message on. */
  waitForProxy(): void {
    this.clock.advance(0.3, 1.8)
  }

  #callee(kind: Casting['callee']): Party {
    const { plan } = this
    switch (kind) {
      case 'registrar':
        return plan.registrar()
      case 'border-controller':
        return plan.borderController()
      case 'phone':
        return plan.phone()
      case 'trunk':
        return plan.trunk()
      case 'anyone':
        return this.random.chance(TRUNK_SHARE) ? plan.trunk() : plan.phone()
    }
  }

  #newCallId(caller: Party): string {
    const { random } = this
    const mark = this.#settings.callIdMark
    switch (caller.callIdStyle) {
      case 'uuid':
        return `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-a${random.hex(3)}-${random.hex(12)}${mark}`
      case 'host':
        return `${random.int(0, 9)}_${random.digits(10)}${mark}@${hostPort(caller.contact).replace(/:\d+$/, '')}`
      case 'short':
        return `${random.alphanumeric(20)}${mark}`
    }
  }
}
