import { answeredChallenges } from './challenges.ts'
import { forksOf } from './forks.ts'
import type { Item } from './item.ts'
import { isSip } from './label.ts'
import type { ForkArm } from './row.ts'
import { type SdpStory, sdpStory } from './sdp-story.ts'
import { type Transaction, transactionsOf } from './transactions.ts'

/** What messages mean together: the same for any order in which they came. */
export interface Analysis {
  readonly transactionCount: number
  readonly challenges: ReadonlySet<Transaction<Item>>
  readonly arms: ReadonlyMap<Transaction<Item>, ForkArm>
  /** Transactions of each fork, in order. */
  readonly forks: readonly (readonly Transaction<Item>[])[]
  readonly story: SdpStory
}

/**
 * Find out what belongs together, and tell each item its transaction.
 *
 * @param items by time, copies among them
 */
export function analyse(items: readonly Item[]): Analysis {
  const drawn = items.filter((item) => !item.isCopy)
  const all = transactionsOf(drawn, (item) => item.transactionKey)
  for (const transaction of all) for (const item of transaction.items) item.transaction = transaction
  const arms = new Map<Transaction<Item>, ForkArm>()
  const forks = forksOf(all)
  for (const fork of forks) {
    for (const [index, { transaction, outcome }] of fork.arms.entries()) {
      arms.set(transaction, { number: index + 1, count: fork.arms.length, outcome })
    }
  }
  const withSdp = drawn.filter(
    ({ message, retransmission }) => message.hasSdp && retransmission === 0 && isSip(message),
  )
  return {
    transactionCount: all.length,
    challenges: answeredChallenges(all),
    arms,
    forks: forks.map((fork) => fork.arms.map(({ transaction }) => transaction)),
    story: sdpStory(withSdp.map(({ message }) => message)),
  }
}
