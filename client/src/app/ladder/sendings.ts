import { SAME_SENDING_US } from '@hepscope/shared/call/retransmission.ts'
import type { LadderMessage } from './message.ts'

/** Same for all sendings of one message, over one hop; undefined for what is not SIP and so never repeats. */
export function fingerprintOf(message: LadderMessage): string | undefined {
  const { method, statusCode, cseqNumber, callId, branch, srcIp, srcPort, dstIp, dstPort, fromTag, toTag } = message
  if (method === '') return undefined
  // A proxy passes on what each branch of a fork answers; only the tag tells one 180 from the other.
  return [method, statusCode, cseqNumber, branch, srcIp, srcPort, dstIp, dstPort, fromTag, toTag, callId].join(' ')
}

/** One sending of a message, and how often it was seen. */
export interface Sending<T> {
  /** The earliest sight, which is drawn. */
  readonly item: T
  /** 0 for the first sending, n for its n-th repeat. */
  readonly retransmission: number
  /** The other sights. */
  readonly copies: readonly T[]
}

/**
 * Sort the sights of one message into sendings, by the rule of `SightLog`: the n-th sight by one observer is the
 * n-th sending.
 *
 * @param sights of one fingerprint, by time
 */
export function sendingsOf<T extends { readonly message: LadderMessage }>(sights: readonly T[]): Sending<T>[] {
  const sendings: { item: T; retransmission: number; copies: T[] }[] = []
  const observers = new Map<string, { count: number; lastUs: number }>()
  for (const item of sights) {
    const { node, agentId, agentName, tsUs } = item.message
    const name = `${agentId} ${agentName} ${node}`
    const observer = observers.get(name) ?? { count: 0, lastUs: -Infinity }
    observers.set(name, observer)
    const isSameSending = tsUs - observer.lastUs < SAME_SENDING_US
    if (!isSameSending) {
      observer.count++
      observer.lastUs = tsUs
    }
    const known = sendings[observer.count - 1]
    if (known === undefined) sendings.push({ item, retransmission: sendings.length, copies: [] })
    else known.copies.push(item)
  }
  return sendings
}
