import type { LadderMessage } from './message.ts'

/** A message among others; whatever else the caller keeps with it stays with it. */
export interface Carrier {
  readonly message: LadderMessage
}

/** A request with everything that belongs to it over one hop: its answers, their repeats, the ACK. */
export interface Transaction<T extends Carrier> {
  readonly method: string
  /** By time. */
  readonly items: T[]
  /** First sending of the request; undefined if it was not seen. */
  readonly request: T | undefined
  /** The decisive final answer: a success if there is one, else the first. */
  readonly final: T | undefined
  /** Latest answer of any kind. */
  readonly latest: T | undefined
}

interface Draft<T extends Carrier> {
  readonly method: string
  readonly items: T[]
  request: T | undefined
  final: T | undefined
  latest: T | undefined
}

/** Same for all messages of one transaction, ACK of a refusal included; undefined for what is not SIP. */
export function transactionKeyOf(message: LadderMessage): string | undefined {
  const { method, cseqNumber, callId, branch } = message
  if (method === '') return undefined
  const name = method === 'ACK' ? 'INVITE' : method
  // Agents from before RFC 3261 send no branch; the hop stands for it.
  return `${name} ${cseqNumber} ${branch === '' ? hopOf(message) : branch} ${callId}`
}

/**
 * Group messages into transactions.
 *
 * The ACK of a success is a transaction of its own for SIP; here it belongs to its INVITE, found by Call-ID, CSeq,
 * From tag and sender.
 *
 * @param items by time, without copies
 * @param keyOf `transactionKeyOf` of an item's message
 * @returns transactions in order of their first message
 * @see RFC 3261 section 17.1.3 and 17.2.3
 */
export function transactionsOf<T extends Carrier>(
  items: readonly T[],
  keyOf: (item: T) => string | undefined,
): Transaction<T>[] {
  const drafts = new Map<string, Draft<T>>()
  const acks: T[] = []
  for (const item of items) {
    const key = keyOf(item)
    if (key === undefined) continue
    const { method, statusCode } = item.message
    let draft = drafts.get(key)
    if (draft === undefined) {
      if (method === 'ACK') {
        acks.push(item)
        continue
      }
      draft = { method, items: [], request: undefined, final: undefined, latest: undefined }
      drafts.set(key, draft)
    }
    draft.items.push(item)
    if (method === 'ACK') continue
    if (statusCode === 0) draft.request ??= item
    else {
      draft.latest = item
      if (statusCode >= 200 && isBetter(item, draft.final)) draft.final = item
    }
  }
  const found = [...drafts.values()]
  attachAcks(acks, found)
  return found.sort((a, b) => indexOrder(a, b))
}

function indexOrder<T extends Carrier>(a: Draft<T>, b: Draft<T>): number {
  // Both are in order of time already unless an ACK came first.
  return (a.items[0]?.message.tsUs ?? 0) - (b.items[0]?.message.tsUs ?? 0)
}

function isBetter<T extends Carrier>(item: T, than: T | undefined): boolean {
  return than === undefined || (than.message.statusCode >= 300 && item.message.statusCode < 300)
}

function attachAcks<T extends Carrier>(acks: readonly T[], drafts: Draft<T>[]): void {
  const invites = new Map<string, Draft<T>[]>()
  for (const draft of drafts) {
    const { request } = draft
    if (draft.method !== 'INVITE' || request === undefined) continue
    const key = dialogKeyOf(request.message)
    const list = invites.get(key)
    if (list === undefined) invites.set(key, [draft])
    else list.push(draft)
  }
  for (const ack of acks) {
    const { message } = ack
    const candidates = (invites.get(dialogKeyOf(message)) ?? []).filter(
      ({ final }) => final !== undefined && final.message.statusCode < 300,
    )
    // Of forks that were all answered, the one whose callee the ACK names.
    const draft =
      candidates.find(({ final }) => final?.message.toTag === message.toTag && message.toTag !== '') ?? candidates[0]
    if (draft !== undefined) insert(draft.items, ack)
    else drafts.push({ method: 'ACK', items: [ack], request: ack, final: undefined, latest: undefined })
  }
}

function insert<T extends Carrier>(items: T[], item: T): void {
  let at = items.length
  while (at > 0 && (items[at - 1]?.message.tsUs ?? 0) > item.message.tsUs) at--
  items.splice(at, 0, item)
}

/** Call-ID, CSeq, caller and the endpoint that sends. */
function dialogKeyOf({ callId, cseqNumber, fromTag, srcIp, srcPort }: LadderMessage): string {
  return `${cseqNumber} ${fromTag} ${srcIp} ${srcPort} ${callId}`
}

function hopOf({ srcIp, srcPort, dstIp, dstPort }: LadderMessage): string {
  const [source, destination] = [`${srcIp} ${srcPort}`, `${dstIp} ${dstPort}`]
  return source < destination ? `${source} ${destination}` : `${destination} ${source}`
}
