import type { Carrier, Transaction } from './transactions.ts'

/**
 * The transactions that ended with a challenge (401, 407) which the sender answered: another attempt of the same
 * request followed. One that was given up is not among them.
 */
export function answeredChallenges<T extends Carrier>(
  transactions: readonly Transaction<T>[],
): ReadonlySet<Transaction<T>> {
  const found = new Set<Transaction<T>>()
  if (!transactions.some(isChallenged)) return found
  /** Open challenges by who asked for what. */
  const open = new Map<string, Transaction<T>[]>()
  for (const transaction of transactions) {
    const { request, method } = transaction
    if (request === undefined) continue
    const { callId, fromTag, srcIp, srcPort, cseqNumber } = request.message
    const key = `${method} ${fromTag} ${srcIp} ${srcPort} ${callId}`
    const waiting = open.get(key) ?? []
    for (const challenged of waiting.splice(0)) {
      if ((challenged.request?.message.cseqNumber ?? 0) < cseqNumber) found.add(challenged)
      else waiting.push(challenged)
    }
    if (isChallenged(transaction)) waiting.push(transaction)
    open.set(key, waiting)
  }
  return found
}

function isChallenged<T extends Carrier>({ final }: Transaction<T>): boolean {
  const code = final?.message.statusCode
  return code === 401 || code === 407
}
