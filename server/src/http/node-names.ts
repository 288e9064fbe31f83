import { renameNodeIn } from '@hepscope/shared/filter/rename-node.ts'
import { isRecord } from './stored-rows.ts'

/**
 * A question with the node's own name where the name stands that somebody else has for it.
 *
 * @param body as of `POST /transactions/search`: `q` and `filter.node` may name nodes; anything else is left as it is
 */
export function renameNodeOf(body: unknown, name: string, own: string): unknown {
  if (!isRecord(body) || name === own) return body
  const { q, filter } = body
  return {
    ...body,
    ...(typeof q === 'string' && { q: renameNodeIn(q, name, own) }),
    ...(isRecord(filter) && filter.node === name && { filter: { ...filter, node: own } }),
  }
}
