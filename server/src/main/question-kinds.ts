import type { z } from 'zod'
import type { RowOrder } from '../coordinator/question.ts'
import type { QuestionFault } from '../coordinator/node-search.ts'
import { callsBody, parseCalls } from '../store/calls/call-request.ts'
import { MAX_MESSAGES, messagesBody, parseMessages, parseSearch, searchBody } from '../store/search-request.ts'

/** What is known of the questions of one kind without asking them. */
export interface QuestionKind extends RowOrder {
  readonly body: z.ZodType
  /** Its rows have payloads, which `with_payload: false` in the body leaves out. */
  readonly hasPayload: boolean
  /** Most rows of the answer; or what is wrong with the body. */
  readonly limitOf: (
    body: unknown,
  ) => { readonly ok: true; readonly limit: number } | { readonly ok: false; readonly faults: readonly QuestionFault[] }
}

/** Rows of events. */
const EVENTS = {
  order: ['ts_us', 'epoch', 'seq'],
  identity: ['node', 'epoch', 'seq'],
  hasPayload: true,
} as const

/** Everything that the stores of nodes can be asked; each is a method of a store and a route of a node. */
export const QUESTION_KINDS = {
  search: {
    ...EVENTS,
    body: searchBody,
    isNewestFirst: true,
    limitOf: (body) => {
      const parsed = parseSearch(body)
      return parsed.ok ? { ok: true, limit: parsed.request.limit } : parsed
    },
  },
  messages: {
    ...EVENTS,
    body: messagesBody,
    isNewestFirst: false,
    limitOf: (body) => {
      const parsed = parseMessages(body)
      return parsed.ok ? { ok: true, limit: MAX_MESSAGES } : parsed
    },
  },
  calls: {
    order: ['ts_us', 'epoch', 'seq'],
    // Those of its first event.
    identity: ['node', 'epoch', 'seq'],
    hasPayload: false,
    body: callsBody,
    isNewestFirst: true,
    limitOf: (body) => {
      const parsed = parseCalls(body)
      return parsed.ok ? { ok: true, limit: parsed.request.limit } : parsed
    },
  },
} as const satisfies Readonly<Record<string, QuestionKind>>

export type QuestionName = keyof typeof QUESTION_KINDS
