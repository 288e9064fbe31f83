import type { Credentials } from '../auth/credentials.ts'
import { type NodeAccess, nodeRight } from '../auth/node-token.ts'
import type { Session } from '../auth/sessions.ts'
import { errorBody } from '../http/error.ts'
import type { Broker } from '../stream/broker.ts'
import type { Logger } from '../log.ts'
import type { EndpointPolicy, Refusal } from '../stream/endpoint.ts'
import type { SubscriptionLimits } from '../stream/subscription.ts'

/** Most past events that a node gives, whatever was asked for. */
const NODE_HISTORY_LIMIT = 2000

export interface NodeStreamOptions {
  /** Name of this server. */
  readonly node: string
  /** Epoch of its own events. */
  readonly epoch: number
  readonly limits: SubscriptionLimits
  /** Events in the ring. */
  readonly bufferEvents: number
  readonly access: NodeAccess
  readonly allowPayload: boolean
}

/** `GET /stream` of a node: no login but its token, where it has one. Payloads need both the token and leave. */
export function nodePolicy(
  broker: Broker | undefined,
  { node, epoch, limits, bufferEvents, access, allowPayload }: NodeStreamOptions,
): EndpointPolicy {
  const refusal = (status: 400 | 401 | 503, body: string): Refusal => ({ status, contentType: 'text/plain', body })
  return {
    path: '/stream',
    broker,
    refuseOff: refusal(503, 'hep stream not configured'),
    refuseFull: refusal(503, 'hepstream: too many subscribers'),
    refuseFaults: (faults) => refusal(400, `${faults.map(describeFault).join('\n')}\n`),
    async admit(request, query) {
      const right = nodeRight(request, query.get('access_token'), access)
      if (right === 'none') return { ok: false, refusal: refusal(401, 'the token of this node is needed (node.token)') }
      return {
        ok: true,
        grant: {
          node,
          epoch,
          historyLimit: NODE_HISTORY_LIMIT,
          defaultHistory: 0,
          allowsPayload: allowPayload && right === 'all',
          // A coordinator takes blocks for all its viewers: no rate limit, and the ring is its queue.
          limits: query.get('format') === 'block' ? { queueLength: bufferEvents, ratePerSec: 0 } : limits,
        },
      }
    },
  }
}

export interface CoordinatorStreamOptions {
  /** Name of this server. */
  readonly node: string
  /** Epoch of its own events. */
  readonly epoch: number
  readonly limits: SubscriptionLimits
  readonly historyLimit: number
  readonly defaultHistory: number
  readonly allowPayload: boolean
  readonly credentials: Credentials
  /** Resolves when viewers may come. */
  readonly ready: Promise<void>
  readonly log: Logger
}

/** `GET /api/v4/stream/hep`: any user may look; payloads are for admins where the server allows them. */
export function coordinatorPolicy(
  broker: Broker | undefined,
  { allowPayload, credentials, ready, log, ...options }: CoordinatorStreamOptions,
): EndpointPolicy {
  const refusal = (
    status: 400 | 401 | 403 | 503,
    detail: string,
    fields: Parameters<typeof errorBody>[2] = [],
  ): Refusal => ({
    status,
    contentType: 'application/json',
    body: JSON.stringify(errorBody(status, detail, fields)),
  })
  const isCurrent = (session: Session): boolean => {
    try {
      return credentials.isCurrent(session)
    } catch (error) {
      log.error({ err: error, username: session.username }, 'cannot tell whether a session still holds; it ends')
      return false
    }
  }
  return {
    path: '/api/v4/stream/hep',
    broker,
    refuseOff: refusal(503, 'HEP stream is not configured'),
    refuseFull: refusal(503, 'hepstream: too many subscribers'),
    refuseFaults: (faults) =>
      refusal(
        400,
        faults.map(describeFault).join('; '),
        faults.map((fault) => ({ field: fault.parameter, message: describeFault(fault) })),
      ),
    async admit(request, query) {
      const result = await credentials.authenticate(request, query.get('access_token'))
      if (!result.ok) return { ok: false, refusal: refusal(result.status, result.detail) }
      const { session } = result
      await ready
      return {
        ok: true,
        pass: { username: session.username, isCurrent: () => isCurrent(session) },
        grant: { ...options, allowsPayload: allowPayload && session.admin },
      }
    },
  }
}

function describeFault({ parameter, message, at }: { parameter: string; message: string; at?: number }): string {
  return `${parameter}: ${message}${at === undefined ? '' : ` (at ${at})`}`
}
