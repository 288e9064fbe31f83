import {
  filterFaults,
  flagFaults,
  type ParameterFault,
  parseFilter,
  parseFlag,
} from '@hepscope/shared/filter/filter.ts'
import type { NodePosition } from '@hepscope/shared/frame/control.ts'
import { formatFilter, NARROWING_PARAMETERS } from '@hepscope/shared/filter/filter.ts'
import { VERSION } from '../version.ts'
import type { SubscribeRequest } from './broker.ts'
import type { StreamPosition } from './resume.ts'
import type { SubscriptionLimits } from './subscription.ts'

/** What a viewer is granted of what it may ask for. */
export interface Grant {
  /** Name of this server. */
  readonly node: string
  /** Epoch of its own events. */
  readonly epoch: number
  readonly historyLimit: number
  /** Past events of a viewer that says nothing of `history`: 0, or as many as allowed for clients of the original. */
  readonly defaultHistory: number
  readonly allowsPayload: boolean
  readonly limits: SubscriptionLimits
}

/** Positions that one viewer may name: one for each node. */
const MAX_POSITIONS = 1024
const FLAGS = ['include_payload', 'control', 'strict'] as const
const PARAMETERS: ReadonlySet<string> = new Set<string>([
  ...FLAGS,
  ...NARROWING_PARAMETERS,
  ...['proto', 'method', 'only_requests', 'q', 'history', 'since', 'format', 'access_token'],
])

/** What the query string of a stream asks for, as far as it is granted; what means nothing is ignored. */
export function streamRequest(query: URLSearchParams, grant: Grant): SubscribeRequest {
  const filter = parseFilter(query)
  const format = query.get('format') === 'block' ? 'block' : 'json'
  const withPayload = parseFlag(query.get('include_payload')) && grant.allowsPayload
  const asked = parseCount(query.get('history'))
  const history = Math.min(asked > 0 ? asked : grant.defaultHistory, grant.historyLimit)
  const since = query.getAll('since').flatMap((text) => parsePosition(text) ?? [])
  const { limits } = grant
  return {
    filter,
    format,
    withPayload,
    withControl: parseFlag(query.get('control')),
    history,
    limits,
    ...(since.length > 0 && { since: since.slice(-MAX_POSITIONS) }),
    hello: (positions: readonly NodePosition[]) => ({
      type: 'hello',
      node: grant.node,
      version: VERSION,
      epoch: grant.epoch,
      time: Date.now(),
      format,
      filter: formatFilter(filter),
      ignored: requestFaults(query),
      payload: withPayload,
      history: since.length > 0 ? 0 : history,
      limits: { history: grant.historyLimit, queue: limits.queueLength, rate: limits.ratePerSec },
      positions,
    }),
  }
}

/** The values of a stream's query string that mean nothing; with `strict=1` they are an error. */
export function requestFaults(query: URLSearchParams): ParameterFault[] {
  const faults = [...filterFaults(query), ...FLAGS.flatMap((name) => flagFaults(query, name))]
  const history = query.get('history')
  if (history !== null && !/^\d{1,9}$/.test(history)) {
    faults.push({ parameter: 'history', value: history, message: `"${history}" is no number of events` })
  }
  const format = query.get('format')
  if (format !== null && format !== 'json' && format !== 'block') {
    faults.push({ parameter: 'format', value: format, message: `"${format}" is neither json nor block` })
  }
  for (const value of query.getAll('since')) {
    if (parsePosition(value) === undefined) {
      faults.push({ parameter: 'since', value, message: `"${value}" is no EPOCH:SEQ or EPOCH:SEQ@NODE` })
    }
  }
  for (const name of new Set(query.keys())) {
    if (!PARAMETERS.has(name)) {
      faults.push({ parameter: name, value: query.get(name) ?? '', message: `there is no parameter "${name}"` })
    }
  }
  return faults
}

/** A decimal number; anything else counts as 0, as in the original. */
function parseCount(text: string | null): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : 0
}

/** `EPOCH:SEQ` or `EPOCH:SEQ@NODE`; undefined if malformed. */
function parsePosition(text: string): StreamPosition | undefined {
  const parts = /^(\d{1,16}):(\d{1,16})(?:@(.{1,255}))?$/su.exec(text)
  if (parts === null) return undefined
  const [, epoch, seq, node] = parts
  return { epoch: Number(epoch), seq: Number(seq), ...(node !== undefined && { node }) }
}
