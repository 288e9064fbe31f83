import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/

export interface NodeAccess {
  /** What a coordinator must show; `''`: nothing, and nobody is trusted with payloads. */
  readonly token: string
  /** Programs on this machine need none. */
  readonly loopbackExempt: boolean
}

/** What a request to the node's stream may have: nothing, events without payloads, or all. */
export type NodeRight = 'none' | 'metadata' | 'all'

/**
 * What the sender of a request to the node's stream may have. A wrong token is refused wherever it comes from.
 *
 * @param queryToken `access_token` of the query string
 */
export function nodeRight(
  request: IncomingMessage,
  queryToken: string | null,
  { token, loopbackExempt }: NodeAccess,
): NodeRight {
  if (token === '') return 'metadata'
  const shown = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? queryToken
  if (shown !== null) return equals(shown, token) ? 'all' : 'none'
  return loopbackExempt && isLocalProgram(request) ? 'metadata' : 'none'
}

/** From this machine, and neither from a page in its browser nor from elsewhere by way of a proxy. */
function isLocalProgram({ socket, headers }: IncomingMessage): boolean {
  if (headers.origin !== undefined || headers.forwarded !== undefined) return false
  return headers['x-forwarded-for'] === undefined && LOOPBACK.test(socket.remoteAddress ?? '')
}

/** In the same time whatever the difference is. */
function equals(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
