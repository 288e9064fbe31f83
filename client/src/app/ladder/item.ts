import type { LadderMessage } from './message.ts'
import type { MessageRow } from './row.ts'
import type { Transaction } from './transactions.ts'

/** A message of a ladder with what its place among the others says of it. */
export interface Item {
  message: LadderMessage
  /** See `transactionKeyOf`. */
  readonly transactionKey: string | undefined
  leg: string
  /** Places of both ends in `Endpoints.all`. */
  source: number
  destination: number
  /** 0 for the first sending, n for its n-th repeat. */
  retransmission: number
  /** Since the first sending. */
  sinceFirstUs: number
  /** Other sights of this sending, by time. */
  copies: readonly LadderMessage[]
  /** Drawn with another sight of the same sending, not by itself. */
  isCopy: boolean
  /** Undefined for what is not SIP, and until `analyse` has said. */
  transaction: Transaction<Item> | undefined
  /** Its row as it was last. */
  row: MessageRow | undefined
}
