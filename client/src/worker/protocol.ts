import type { CallKind, Evidence } from '@hepscope/shared/call/call.ts'
import type { Problem } from '@hepscope/shared/call/problem.ts'
import type { CallState, StateClass } from '@hepscope/shared/call/state.ts'
import type { Figures } from '@hepscope/shared/figures/figures.ts'
import type { LadderMessage } from '../app/ladder/message.ts'
import type { Gap } from '../app/ladder/row.ts'
import type { ExportedCalls, ExportFormat } from './call-export.ts'
import type { FigureWindow } from './figures/figure-watch.ts'
import type { PeerRow } from './figures/peer-watch.ts'
import type { RateSeries } from './figures/rate-watch.ts'

/** Which dialogs the list shows: calls alone, or everything that was heard. */
export type ListScope = 'calls' | 'all'

/** `arrival` is the order in which calls were first heard of; the others are columns of the list. */
export const SORT_KEYS = [
  'arrival',
  'state',
  'code',
  'method',
  'from',
  'to',
  'source',
  'destination',
  'route',
  'start',
  'setup',
  'ring',
  'talk',
  'time',
  'messages',
  'repeats',
  'callid',
  'legs',
  'node',
  'agent',
  'ua',
  'transport',
  'codec',
  'hangup',
  'evidence',
  'problems',
] as const
export type SortKey = (typeof SORT_KEYS)[number]

export interface SortOrder {
  readonly key: SortKey
  readonly isDescending: boolean
}

/** Figures of the calls that began in the last minutes, rates, and how each peer fares. */
export interface FigureUpdate {
  readonly minutes: FigureWindow
  readonly figures: Figures
  readonly rates: RateSeries
  readonly peers: readonly PeerRow[]
  /** Events that are known to be missing: the figures may be wrong by their calls. */
  readonly missing: number
}

/** From the page to the worker. */
export type Command =
  /** `hasStore`: the server stores, so calls from before those in memory can be had. */
  | {
      readonly type: 'connect'
      readonly url: string
      readonly history: number
      readonly includePayload: boolean
      readonly hasStore: boolean
    }
  | { readonly type: 'disconnect' }
  | { readonly type: 'retry' }
  /** Text that parses; empty for no filter. */
  | { readonly type: 'filter'; readonly text: string }
  | { readonly type: 'scope'; readonly scope: ListScope }
  | { readonly type: 'sort'; readonly order: SortOrder }
  | { readonly type: 'window'; readonly first: number; readonly count: number }
  /** Row whose index is to be told with each view; undefined for none. */
  | { readonly type: 'cursor'; readonly key: number | undefined }
  | { readonly type: 'follow'; readonly isFollowing: boolean }
  /** Figures of the last so many minutes once a second; undefined for no figures. */
  | { readonly type: 'figures'; readonly minutes: FigureWindow | undefined }
  /** Calls, by any of their Call-IDs, whose events are wanted; none closes the ladder. */
  | { readonly type: 'ladder'; readonly callIds: readonly string[] }
  /** Whether statistics are to be sent, once a second. */
  | { readonly type: 'statistics'; readonly isWanted: boolean }
  /** The next page of calls from before those in memory, though nobody has scrolled there; or stop fetching them. */
  | { readonly type: 'older'; readonly isWanted: boolean }
  /** All rows of the list, in its order, with the next frame; at most so many. */
  | { readonly type: 'rows'; readonly most: number }
  /** The messages of calls, by any of their Call-IDs, as a file. */
  | {
      readonly type: 'export'
      readonly callIds: readonly string[]
      readonly format: ExportFormat
      /** Of the pseudonyms that stand in the file; undefined for what is as it was. See `privacy/`. */
      readonly maskKey: string | undefined
    }
  /** The page has drawn the last frame and takes another. */
  | { readonly type: 'drawn' }

/** One row of the list that is a call. Never changes; a new one replaces it. */
export interface CallRow {
  readonly type: 'call'
  /** Stays with the call for as long as it is known. */
  readonly key: number
  /** Call-ID of the leg that was seen first. */
  readonly id: string
  readonly kind: CallKind
  readonly state: CallState
  readonly stateClass: StateClass
  /** 0 if there is none yet. */
  readonly statusCode: number
  readonly reason: string
  readonly from: string
  readonly to: string
  /** Endpoints as `ip:port`, in order of appearance. */
  readonly route: readonly string[]
  readonly startUs: number
  /** The start on the server's clock, for calls that run; see `ServerClock`. */
  readonly startClockUs: number
  /** First request to first sign of the other side. */
  readonly setupUs: number | undefined
  /** Start to end; undefined while it runs. */
  readonly lengthUs: number | undefined
  readonly talkUs: number | undefined
  readonly messageCount: number
  readonly legs: readonly string[]
  readonly evidence: readonly Evidence[]
  /** Method of its first request. */
  readonly method: string
  /** Sender and receiver of its first message as `ip:port`. */
  readonly source: string
  readonly destination: string
  /** First 18x to answer or end. */
  readonly ringUs: number | undefined
  readonly repeatCount: number
  readonly nodes: readonly string[]
  /** Capture agents: id and, where it has one, name. */
  readonly agents: readonly string[]
  readonly userAgent: string
  readonly transport: string
  readonly codec: string
  readonly hangupSide: 'caller' | 'callee' | undefined
  readonly problems: readonly Problem[]
}

/** Events between two others of one node that this page did not get. */
export interface GapNotice extends Gap {
  readonly node: string
  /** The node began anew, so nothing was captured for a while, and `count` is what it had captured since. */
  readonly isRestart: boolean
}

export interface GapListRow {
  readonly type: 'gap'
  readonly key: number
  readonly gap: GapNotice
}

export type ListRow = CallRow | GapListRow

/** What the list shows now. */
export interface ListView {
  /** Index of the first of `keys`. */
  readonly first: number
  readonly keys: readonly number[]
  /** Those rows of `keys` that the page does not have or that changed since. */
  readonly changed: readonly ListRow[]
  /** Rows of the whole list, gaps included. */
  readonly total: number
  /** Calls of the whole list. */
  readonly callCount: number
  /** Calls that came since the list was paused. */
  readonly waiting: number
  readonly isFollowing: boolean
  /** Index of the row that `cursor` named; -1 if it is not in the list. */
  readonly cursorIndex: number
}

/** How it stands with calls from before those in memory. */
export interface OlderState {
  /** `end`: there are none any more. `full`: there are more than the list takes. */
  readonly kind: 'idle' | 'loading' | 'end' | 'full' | 'failed'
  /** What to know of the answer, or why there is none, in words. */
  readonly remarks: readonly string[]
}

/** Events for the open ladder. */
export interface LadderUpdate {
  /** Call-IDs as the page asked for them, so that it can tell an update for an earlier question. */
  readonly asked: readonly string[]
  readonly calls: readonly CallRow[]
  /** Not in order; may repeat events that were sent before. */
  readonly messages: readonly LadderMessage[]
  readonly gaps: readonly Gap[]
}

export interface Counters {
  readonly callsNow: number
  readonly callsPeak: number
  readonly newCallsPerSec: number
  readonly eventsPerSec: number
  /** Calls with a final answer, by what it was. */
  readonly answered: number
  readonly unanswered: number
  readonly failed: number
  /** Events received, and those known to be missing. */
  readonly events: number
  readonly missing: number
  readonly calls: number
  readonly otherDialogs: number
  /** How many dialogs of the list's scope have a problem, whatever the filter. */
  readonly problems: Readonly<Record<Problem, number>>
  /** Nodes and agents heard in the last ten minutes. */
  readonly nodes: readonly string[]
  readonly agentCount: number
  /** Clock of the server, microseconds since 1970; `undefined` as long as nothing was heard. */
  readonly lastEventClockUs: number | undefined
  /** Server's clock minus the page's. */
  readonly clockOffsetUs: number
  readonly lastGap: GapNotice | undefined
  /** Of each of the last 120 seconds, oldest first. */
  readonly eventsBySecond: readonly number[]
  readonly failedBySecond: readonly number[]
  readonly memoryBytes: number
}

/** A name and how often it was seen. */
export interface Tally {
  readonly name: string
  readonly count: number
}

/** What there is, counted. Dialogs are those in memory, whatever the filter; messages all since the page was opened. */
export interface Statistics {
  readonly dialogs: number
  readonly kinds: readonly Tally[]
  readonly states: readonly (Tally & { readonly name: CallState; readonly kind: CallKind })[]
  readonly methods: readonly Tally[]
  /** Answers by code, e.g. `486`. */
  readonly codes: readonly Tally[]
  readonly nodes: readonly Tally[]
  readonly agents: readonly Tally[]
}

/** State of the socket. `sinceMs` is when it began, by the page's clock. */
export type Connection =
  | { readonly state: 'connecting' | 'live' | 'closed'; readonly sinceMs: number }
  | { readonly state: 'waiting'; readonly sinceMs: number; readonly retryAtMs: number }
  /** The server no longer accepts the session. */
  | { readonly state: 'ended'; readonly sinceMs: number }

/** From the worker to the page. */
export type Notice =
  | { readonly type: 'connection'; readonly connection: Connection }
  /** What changed since the last frame. The next comes after `drawn`. */
  | {
      readonly type: 'frame'
      readonly list?: ListView
      readonly counters?: Counters
      readonly ladder?: LadderUpdate
      readonly figures?: FigureUpdate
      readonly statistics?: Statistics
      readonly older?: OlderState
      /** Asked for by `rows`. */
      readonly rows?: readonly CallRow[]
    }
  /** Asked for by `export`. */
  | { readonly type: 'exported'; readonly exported: ExportedCalls }
  | { readonly type: 'fault'; readonly message: string }
