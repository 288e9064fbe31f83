import type { ArmOutcome } from './row.ts'
import type { Carrier, Transaction } from './transactions.ts'

/** A request that one element sent on more than once, each time with a branch of its own. */
export interface Fork<T extends Carrier> {
  /** In order of their requests. */
  readonly arms: readonly Arm<T>[]
}

export interface Arm<T extends Carrier> {
  readonly transaction: Transaction<T>
  readonly outcome: ArmOutcome
}

/**
 * Find forks, parallel and one after the other: INVITEs with the same Call-ID, CSeq and From tag that leave one
 * endpoint with different branches.
 *
 * @see RFC 3261 section 16.6
 */
export function forksOf<T extends Carrier>(transactions: readonly Transaction<T>[]): Fork<T>[] {
  const groups = new Map<string, Transaction<T>[]>()
  const cancelled = new Set<string>()
  for (const transaction of transactions) {
    const { request, method } = transaction
    if (request === undefined) continue
    const { callId, cseqNumber, fromTag, srcIp, srcPort, dstIp, dstPort, branch } = request.message
    if (method === 'CANCEL') cancelled.add(`${branch} ${callId}`)
    // What an element sends to itself is a loop through it, not a branch.
    if (method !== 'INVITE' || branch === '' || (srcIp === dstIp && srcPort === dstPort)) continue
    const key = `${cseqNumber} ${fromTag} ${srcIp} ${srcPort} ${callId}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [transaction])
    else group.push(transaction)
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({
      arms: group.map((transaction) => ({ transaction, outcome: outcomeOf(transaction, cancelled) })),
    }))
}

function outcomeOf<T extends Carrier>({ request, final }: Transaction<T>, cancelled: ReadonlySet<string>): ArmOutcome {
  const code = final?.message.statusCode ?? 0
  if (code >= 200 && code < 300) return 'answered'
  if (code === 487) return 'cancelled'
  if (code >= 300) return 'failed'
  const { branch = '', callId = '' } = request?.message ?? {}
  return cancelled.has(`${branch} ${callId}`) ? 'cancelled' : 'open'
}
