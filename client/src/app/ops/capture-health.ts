import { isRecord, listOf, memberOf, numberOf, request, textOf } from '../http/request.ts'

export interface ListenerHealth {
  readonly transport: string
  readonly host: string
  readonly port: number
  readonly connections: number
  /** Undefined where the system does not tell. */
  readonly kernelDrops: number | undefined
}

export interface AgentHealth {
  readonly node: string
  readonly agentId: number
  readonly name: string
  readonly events: number
  readonly eventsPerSec: number
  readonly lastMs: number
  readonly clockOffsetMs: number
}

export interface NodeHealth {
  readonly node: string
  readonly isLocal: boolean
  readonly state: string
  readonly events: number
  readonly lagMs: number | undefined
  readonly reconnects: number
  readonly gapEvents: number
  readonly badFrames: number
  readonly lastError: string
}

export interface Counted {
  readonly name: string
  readonly count: number
  /** What it is, in words; `''` if the name says it. */
  readonly meaning: string
}

export interface StreamHealth {
  readonly path: string
  readonly subscribers: number
  readonly sent: number
  readonly droppedQueue: number
  readonly droppedRate: number
}

export interface StoreHealth {
  readonly state: string
  readonly lastError: string
  readonly storedRows: number
  readonly hotRows: number
  readonly sealedRows: number
  readonly sealedBytes: number
  readonly logBytes: number
  readonly lagMs: number
  readonly dropped: readonly Counted[]
}

/** State of everything between the wire and the screen. */
export interface CaptureHealth {
  /** Clock of the server, ms since 1970. */
  readonly timeMs: number
  readonly lastPacketMs: number
  readonly listeners: readonly ListenerHealth[]
  readonly received: readonly Counted[]
  readonly rejected: readonly Counted[]
  readonly warned: readonly Counted[]
  readonly agents: readonly AgentHealth[]
  readonly nodes: readonly NodeHealth[]
  readonly streams: readonly StreamHealth[]
  /** Undefined where nothing is stored. */
  readonly store: StoreHealth | undefined
}

export type Asked<T> = { readonly ok: true; readonly data: T } | { readonly ok: false; readonly reason: string }

export async function getCaptureHealth(): Promise<Asked<CaptureHealth>> {
  const answer = await request('GET', '/api/v4/capture')
  if (answer.kind === 'unreachable') return { ok: false, reason: 'The server does not answer' }
  if (answer.kind === 'refused') return { ok: false, reason: answer.detail }
  const { data } = answer
  const store = memberOf(data, 'store')
  return {
    ok: true,
    data: {
      timeMs: numberOf(data, 'timeMs'),
      lastPacketMs: numberOf(data, 'lastPacketMs'),
      listeners: listOf(data, 'listeners').map((one) => ({
        transport: textOf(one, 'transport'),
        host: textOf(one, 'host'),
        port: numberOf(one, 'port'),
        connections: numberOf(one, 'connections'),
        kernelDrops: optional(one, 'kernelDrops'),
      })),
      received: countsOf(data, 'received'),
      rejected: countsOf(data, 'rejected'),
      warned: countsOf(data, 'warned'),
      agents: listOf(data, 'agents').map((one) => ({
        node: textOf(one, 'node'),
        agentId: numberOf(one, 'agentId'),
        name: textOf(one, 'name'),
        events: numberOf(one, 'events'),
        eventsPerSec: numberOf(one, 'eventsPerSec'),
        lastMs: numberOf(one, 'lastMs'),
        clockOffsetMs: numberOf(one, 'clockOffsetMs'),
      })),
      nodes: listOf(data, 'nodes').map((one) => ({
        node: textOf(one, 'node'),
        isLocal: memberOf(one, 'isLocal') === true,
        state: textOf(one, 'state'),
        events: numberOf(one, 'events'),
        lagMs: optional(one, 'lagMs'),
        reconnects: numberOf(one, 'reconnects'),
        gapEvents: countsOf(one, 'gaps').reduce((sum, { count }) => sum + count, 0),
        badFrames: numberOf(one, 'badFrames'),
        lastError: textOf(one, 'lastError'),
      })),
      streams: listOf(data, 'streams').map((one) => ({
        path: textOf(one, 'path'),
        subscribers: numberOf(one, 'subscribers'),
        sent: numberOf(one, 'sent'),
        droppedQueue: numberOf(one, 'droppedQueue'),
        droppedRate: numberOf(one, 'droppedRate'),
      })),
      store: isRecord(store)
        ? {
            state: textOf(store, 'state'),
            lastError: textOf(store, 'lastError'),
            storedRows: numberOf(store, 'storedRows'),
            hotRows: numberOf(store, 'hotRows'),
            sealedRows: numberOf(store, 'sealedRows'),
            sealedBytes: numberOf(store, 'sealedBytes'),
            logBytes: numberOf(store, 'logBytes'),
            lagMs: numberOf(store, 'lagMs'),
            dropped: countsOf(store, 'dropped'),
          }
        : undefined,
    },
  }
}

/** What became of the test packet of one listener. */
export interface ListenerCheck {
  readonly transport: string
  readonly host: string
  readonly port: number
  /** How long it took; undefined if it did not arrive. */
  readonly ms: number | undefined
  readonly reason: string
}

/** Have the server send a test packet through each of its listeners; takes at most two seconds. */
export async function checkListeners(): Promise<Asked<readonly ListenerCheck[]>> {
  const answer = await request('POST', '/api/v4/capture/check')
  if (answer.kind === 'unreachable') return { ok: false, reason: 'The server does not answer' }
  if (answer.kind === 'refused') return { ok: false, reason: answer.detail }
  const results = Array.isArray(answer.data) ? (answer.data as readonly unknown[]) : []
  return {
    ok: true,
    data: results.map((one) => ({
      transport: textOf(one, 'transport'),
      host: textOf(one, 'host'),
      port: numberOf(one, 'port'),
      ms: memberOf(one, 'ok') === true ? numberOf(one, 'ms') : undefined,
      reason: textOf(one, 'reason'),
    })),
  }
}

function optional(value: unknown, name: string): number | undefined {
  return memberOf(value, name) === undefined ? undefined : numberOf(value, name)
}

/** Counters that are not 0, the greatest first. */
function countsOf(value: unknown, name: string): Counted[] {
  const counts = memberOf(value, name)
  if (!isRecord(counts)) return []
  return Object.entries(counts)
    .map(([key, one]) =>
      typeof one === 'number'
        ? { name: key, count: one, meaning: '' }
        : { name: key, count: numberOf(one, 'count'), meaning: textOf(one, 'meaning') },
    )
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
}
