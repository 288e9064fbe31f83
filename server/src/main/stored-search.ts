import type { Config } from '../config/schema.ts'
import {
  NodeSearch,
  type NodeSearchAnswer,
  type NodeSearchOptions,
  type QuestionFault,
} from '../coordinator/node-search.ts'
import { nodeSource } from '../coordinator/node-source.ts'
import type { Question } from '../coordinator/question.ts'
import { storeSource } from '../coordinator/store-source.ts'
import type { Store } from '../store/store.ts'
import { QUESTION_KINDS, type QuestionName } from './question-kinds.ts'
import { remoteNodes } from './streams.ts'

type Ask = (body: unknown, options?: NodeSearchOptions) => Promise<NodeSearchAnswer>

/** The part of a store that questions go to. */
export type AskedStore = Pick<Store, QuestionName>

/** Where stored rows are looked for: in this server's own store, or in those of all nodes. */
export interface StoredSearch {
  /** Undefined where nothing is stored: neither here nor at nodes. */
  readonly rows: Readonly<Record<QuestionName, Ask>> | undefined
  /** Undefined without other nodes. */
  readonly nodes: NodeSearch | undefined
}

/** @throws ConfigError if the certificate file of a node cannot be read */
export function makeStoredSearch(config: Config, store: AskedStore | undefined): StoredSearch {
  const { coordinator, node } = config
  if (coordinator.nodes.length === 0) return { rows: store, nodes: undefined }
  const readsLake = store !== undefined && config.storage.lake.catalog !== ''
  const remote = remoteNodes(config).map((options) =>
    nodeSource({
      ...options,
      connectTimeoutMs: coordinator.hep_stream.fan_out_timeout_ms,
      timeoutMs: coordinator.search_timeout_ms,
      withoutLake: readsLake,
    }),
  )
  const own = store === undefined ? [] : [storeSource(node.name, readsLake, askStore(store))]
  const nodes = new NodeSearch([...own, ...remote])
  const ask =
    (kind: QuestionName): Ask =>
    async (body, options) => {
      const { limitOf, ...order } = QUESTION_KINDS[kind]
      const read = limitOf(body)
      if (!read.ok) return invalid(read.faults)
      const fault = patternOfNodes(body)
      if (fault !== undefined) return invalid([fault])
      return nodes.ask({ ...order, kind, body, limit: read.limit }, options)
    }
  const kinds = Object.keys(QUESTION_KINDS) as QuestionName[]
  return { rows: Object.fromEntries(kinds.map((kind) => [kind, ask(kind)])) as Record<QuestionName, Ask>, nodes }
}

/** A node knows but one of its names: it cannot tell which of them a pattern of `filter` means. `q` is translated for it. */
function patternOfNodes(body: unknown): QuestionFault | undefined {
  const { filter } = (body ?? {}) as { readonly filter?: { readonly node?: unknown } }
  if (typeof filter?.node !== 'string' || !filter.node.includes('%')) return undefined
  return { field: 'filter.node', message: '% cannot stand for names of nodes here; use q, such as node:edge*' }
}

function invalid(fields: readonly QuestionFault[]): NodeSearchAnswer {
  return { ok: false, kind: 'invalid', message: 'The request is not valid', fields }
}

/** How a store answers a question of any kind. */
export function askStore(
  store: AskedStore,
): (question: Pick<Question, 'kind' | 'body'>, options: NodeSearchOptions) => Promise<NodeSearchAnswer> {
  return ({ kind, body }, options) => store[kind as QuestionName](body, options)
}
