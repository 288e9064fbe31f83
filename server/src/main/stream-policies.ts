import { authenticate, type CredentialOptions } from '../auth/credentials.ts'
import type { SessionStore } from '../auth/sessions.ts'
import { errorBody } from '../http/error.ts'
import type { Broker } from '../stream/broker.ts'
import type { EndpointPolicy, Refusal } from '../stream/endpoint.ts'

/** Most past events that a node gives, whatever was asked for. */
const NODE_HISTORY_LIMIT = 2000

/** `GET /stream` of a node: no login, and therefore never a payload. */
export function nodePolicy(broker: Broker | undefined): EndpointPolicy {
  const text = (body: string): Refusal => ({ status: 503, contentType: 'text/plain', body })
  return {
    path: '/stream',
    broker,
    historyLimit: NODE_HISTORY_LIMIT,
    refuseOff: text('hep stream not configured'),
    refuseFull: text('hepstream: too many subscribers'),
    admit: () => Promise.resolve({ ok: true }),
    allowsPayload: () => false,
  }
}

export interface CoordinatorStreamOptions {
  readonly historyLimit: number
  readonly allowPayload: boolean
  readonly credentials: CredentialOptions
}

/** `GET /api/v4/stream/hep`: any user may look; payloads are for admins where the server allows them. */
export function coordinatorPolicy(
  broker: Broker | undefined,
  sessions: SessionStore,
  { historyLimit, allowPayload, credentials }: CoordinatorStreamOptions,
): EndpointPolicy {
  const refusal = (status: 401 | 403 | 503, detail: string): Refusal => ({
    status,
    contentType: 'application/json',
    body: JSON.stringify(errorBody(status, detail)),
  })
  return {
    path: '/api/v4/stream/hep',
    broker,
    historyLimit,
    refuseOff: refusal(503, 'HEP stream is not configured'),
    refuseFull: refusal(503, 'hepstream: too many subscribers'),
    async admit(request, query) {
      const result = await authenticate(request, sessions, credentials, query.get('access_token'))
      return result.ok ? result : { ok: false, refusal: refusal(result.status, result.detail) }
    },
    allowsPayload: (session) => allowPayload && session?.admin === true,
  }
}
