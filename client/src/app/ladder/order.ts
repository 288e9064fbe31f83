import type { LadderMessage } from './message.ts'

/** By time, and the same for any order of arrival; `orderTies` then puts those of one moment in their place. */
export function compareMessages(a: LadderMessage, b: LadderMessage): number {
  return a.tsUs - b.tsUs || compareText(a.node, b.node) || a.epoch - b.epoch || a.seq - b.seq
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * Order messages of the same microsecond: those of one node by `seq`, and across nodes a request before its answer.
 *
 * @param run messages of one moment, as `compareMessages` orders them
 */
export function orderTies<T extends { readonly message: LadderMessage }>(run: readonly T[]): readonly T[] {
  const queues: T[][] = []
  for (const item of run) {
    const queue = queues.at(-1)
    const last = queue?.at(-1)
    if (queue !== undefined && last !== undefined && isSameSource(last.message, item.message)) queue.push(item)
    else queues.push([item])
  }
  if (queues.length < 2) return run
  const ordered: T[] = []
  while (ordered.length < run.length) {
    const queue =
      queues.find(([head]) => head?.message.statusCode === 0) ??
      queues.find(([head]) => head !== undefined && !isAwaited(head.message, queues)) ??
      queues.find((candidates) => candidates.length > 0)
    const head = queue?.shift()
    if (head === undefined) break
    ordered.push(head)
  }
  return ordered
}

function isSameSource(a: LadderMessage, b: LadderMessage): boolean {
  return a.node === b.node && a.epoch === b.epoch
}

/** True if the request of an answer is still to come. */
function isAwaited(
  answer: LadderMessage,
  queues: readonly (readonly { readonly message: LadderMessage }[])[],
): boolean {
  return queues.some((queue) =>
    queue.some(
      ({ message }) =>
        message.statusCode === 0 &&
        message.callId === answer.callId &&
        message.branch === answer.branch &&
        message.method === answer.method &&
        message.cseqNumber === answer.cseqNumber,
    ),
  )
}
