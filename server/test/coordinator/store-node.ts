import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { configSchema } from '../../src/config/schema.ts'
import type { NodeSearchAnswer, NodeSearchOptions } from '../../src/coordinator/node-search.ts'
import { createApp } from '../../src/http/app.ts'
import { requireNodeToken } from '../../src/http/guards.ts'
import { nodeStoreRoutes } from '../../src/http/routes/node-store.ts'
import { QUESTION_KINDS } from '../../src/main/question-kinds.ts'
import { type AskedStore, askStore, makeStoredSearch, type StoredSearch } from '../../src/main/stored-search.ts'

type Tree = Readonly<Record<string, unknown>>

/** Token of nodes and of the coordinator, unless a test says otherwise. */
const TOKEN = 'the-token-of-the-nodes'

export interface StoreNodeOptions {
  readonly token?: string
  readonly allowPayload?: boolean
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** A server of a test, closed at its end. */
export async function serve(listener: RequestListener, tls?: StoreNodeOptions['tls']): Promise<string> {
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A node with its routes over a store, without the rest of the server. @returns its URL */
export function startStoreNode(
  name: string,
  store: AskedStore | undefined,
  { token = TOKEN, allowPayload = true, tls }: StoreNodeOptions = {},
): Promise<string> {
  const table = nodeStoreRoutes({
    guard: requireNodeToken({ token, loopbackExempt: true }),
    node: name,
    allowPayload,
    questions: QUESTION_KINDS,
    ask: store === undefined ? undefined : askStore(store),
  })
  const handle = createApp(pino({ level: 'silent' }), [table]).callback()
  return serve((request, response) => void handle(request, response), tls)
}

/** The search of a coordinator named `center`. */
export function coordinatorOf(
  nodes: readonly Tree[],
  own?: AskedStore,
  more: Tree = {},
  storage: Tree = {},
): StoredSearch {
  const withToken = nodes.map((node) => ({ token: TOKEN, ...node }))
  const config = configSchema.parse({ node: { name: 'center' }, coordinator: { nodes: withToken, ...more }, storage })
  return makeStoredSearch(config, own)
}

export interface Report {
  readonly name: string
  readonly state: string
  readonly rows: number
  readonly reason?: string
}

export interface Found {
  readonly items: readonly Tree[]
  readonly keys: readonly string[]
  readonly meta: Tree & { readonly has_more: boolean; readonly nodes: readonly Report[] }
}

/** Rows and meta of an answer; throws if there is none. */
export async function found(
  stored: StoredSearch,
  kind: 'search' | 'messages' | 'calls',
  body: unknown,
  options?: NodeSearchOptions,
): Promise<Found> {
  const answer = await stored.rows?.[kind](body, options)
  if (answer?.ok !== true) throw new Error(JSON.stringify(answer))
  return foundIn(answer)
}

export function foundIn(answer: Extract<NodeSearchAnswer, { ok: true }>): Found {
  const { data, meta } = JSON.parse(answer.json.toString()) as { data: Omit<Found, 'meta'>; meta: Found['meta'] }
  return { ...data, meta }
}

/** A store that answers as a test says. */
export function storeOf(answer: (options: NodeSearchOptions) => Promise<NodeSearchAnswer>): AskedStore {
  const ask = (_: unknown, options: NodeSearchOptions = {}): Promise<NodeSearchAnswer> => answer(options)
  return { search: ask, messages: ask, calls: ask }
}

/** Rows of a node as NDJSON, newest first, with what ends the answer. */
export function linesOf(node: string, timesUs: readonly number[], meta: Tree = {}): { rows: string[]; end: string } {
  const rows = timesUs.map((ts_us, i) => JSON.stringify({ ts_us, epoch: 1, seq: timesUs.length - i, node }))
  return { rows, end: JSON.stringify({ keys: ['ts_us', 'epoch', 'seq', 'node'], meta: { has_more: false, ...meta } }) }
}
