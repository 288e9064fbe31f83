import type { CallKind } from './call.ts'

/** Numbers of the methods that the call model tells apart, as in the `method` column of a block. */
export const METHOD = {
  invite: 1,
  ack: 2,
  bye: 3,
  cancel: 4,
  options: 5,
  register: 6,
  prack: 7,
  subscribe: 8,
  notify: 9,
  info: 11,
  refer: 12,
  message: 13,
  update: 14,
} as const

const RANK: Readonly<Record<CallKind, number>> = {
  other: 0,
  options: 1,
  message: 2,
  subscription: 3,
  registration: 4,
  call: 5,
}

/** True if `kind` tells more of a Call-ID than `than`: a dialog of INVITE also carries OPTIONS, MESSAGE and so on. */
export function outranks(kind: CallKind, than: CallKind): boolean {
  return RANK[kind] > RANK[than]
}

/**
 * What a SIP message alone tells of its Call-ID.
 *
 * @param method number in `METHODS`
 * @param isInDialog a request with a To tag; an answer has one outside of dialogs as well
 */
export function kindOf(method: number, isInDialog: boolean): CallKind {
  switch (method) {
    case METHOD.invite:
    case METHOD.ack:
    case METHOD.bye:
    case METHOD.cancel:
    case METHOD.prack:
    case METHOD.update:
      return 'call'
    case METHOD.register:
      return 'registration'
    case METHOD.subscribe:
    case METHOD.notify:
      return 'subscription'
    case METHOD.options:
      return isInDialog ? 'call' : 'options'
    case METHOD.message:
      return isInDialog ? 'call' : 'message'
    case METHOD.info:
    case METHOD.refer:
      return isInDialog ? 'call' : 'other'
    default:
      return 'other'
  }
}
