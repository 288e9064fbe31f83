import type { Registry } from 'prom-client'
import type { Config } from '../config/schema.ts'
import { errorBody } from '../http/error.ts'
import { requireLogin, requireNodeToken } from '../http/guards.ts'
import type { RouteTable } from '../http/route-table.ts'
import { apiTokenRoutes } from '../http/routes/api-tokens.ts'
import { authRoutes } from '../http/routes/auth.ts'
import { type CaptureCheck, captureRoutes, type CaptureStatus } from '../http/routes/capture.ts'
import { callReportRoutes } from '../http/routes/call-reports.ts'
import { exportRoutes } from '../http/routes/exports.ts'
import { type ImportOptions, importRoutes } from '../http/routes/imports.ts'
import { meRoutes } from '../http/routes/me.ts'
import { nodeStoreRoutes } from '../http/routes/node-store.ts'
import { oidcRoutes } from '../http/routes/oidc.ts'
import { openapiRoutes } from '../http/routes/openapi.ts'
import { type Health, operationRoutes } from '../http/routes/operation.ts'
import { queryRoutes } from '../http/routes/query.ts'
import { sampleRoutes, type SamplePlayer } from '../http/routes/samples.ts'
import { searchRoutes } from '../http/routes/search.ts'
import { type PublicConfig, statusRoutes } from '../http/routes/status.ts'
import { streamRoutes } from '../http/routes/stream.ts'
import { type StreamStatus, streamStatusRoutes } from '../http/routes/stream-status.ts'
import { userRoutes } from '../http/routes/users.ts'
import type { Logger } from '../log.ts'
import { callsBody } from '../store/calls/call-request.ts'
import { messagesBody, searchBody } from '../store/search-request.ts'
import { sqlBody } from '../store/sql-request.ts'
import type { Store } from '../store/store.ts'
import { VERSION } from '../version.ts'
import type { Accounts } from './accounts.ts'
import { QUESTION_KINDS } from './question-kinds.ts'
import { askStore, type StoredSearch } from './stored-search.ts'

export interface ApiParts {
  readonly config: Config
  readonly accounts: Accounts
  /** This server's own. */
  readonly store: Store | undefined
  /** Where stored rows are looked for. */
  readonly stored: StoredSearch
  readonly samples: SamplePlayer
  readonly imports: ImportOptions
  readonly health: () => Health
  readonly metrics: Registry
  readonly stats: () => object
  readonly streamStatus: () => StreamStatus
  readonly captureStatus: () => CaptureStatus
  readonly checkCapture: () => Promise<readonly CaptureCheck[]>
  readonly listeners: () => PublicConfig['listeners']
  /** Whether the streams of the two ports are on. */
  readonly isStreamOn: { readonly app: boolean; readonly node: boolean }
  readonly log: Logger
}

/** The routes of the two ports. */
export interface Api {
  readonly app: readonly RouteTable[]
  readonly node: readonly RouteTable[]
}

export function makeApi(parts: ApiParts): Api {
  const { config, accounts, store, stored, samples, health, metrics, stats, isStreamOn } = parts
  const { coordinator } = config
  const { users, tokens, sessions, credentials, oidc, logins: counts } = accounts
  const isPasswordLoginOn = !coordinator.auth.disable_password_login
  const oidcLabel = oidc === undefined ? undefined : coordinator.oidc.label
  const log = parts.log.child({ part: 'auth' })
  const login = requireLogin(credentials)
  const publicConfig = (): PublicConfig => ({
    version: VERSION,
    node: config.node.name,
    listeners: parts.listeners(),
    stream: {
      enabled: isStreamOn.app,
      allowPayload: coordinator.hep_stream.allow_payload,
      historyLimit: coordinator.hep_stream.history_limit,
    },
    storage: { enabled: stored.rows !== undefined },
    login: {
      password: isPasswordLoginOn,
      ...(oidcLabel !== undefined && { oidc: { label: oidcLabel, url: '/api/v4/auth/oidc/login' } }),
    },
  })
  const mayReadPayload = {
    users: () => true,
    admins: ({ admin }: { admin: boolean }) => admin,
    nobody: () => false,
  }[coordinator.stored_payload]
  const otherNodes = coordinator.nodes.map(({ name }) => name)
  const app = [
    operationRoutes('coordinator', health, metrics),
    authRoutes({ login, users, sessions, credentials, isPasswordLoginOn, oidcLabel, counts, log }),
    oidcRoutes({ oidc, users, sessions, credentials, counts, log }),
    meRoutes(login, users, log),
    userRoutes(login, users, log),
    apiTokenRoutes(login, tokens, log),
    statusRoutes(login, publicConfig, stats),
    searchRoutes(login, stored.rows, { search: searchBody, messages: messagesBody, calls: callsBody }, mayReadPayload),
    exportRoutes(login, stored.rows, messagesBody, mayReadPayload),
    callReportRoutes(login, stored.rows, messagesBody, mayReadPayload),
    queryRoutes(login, store, otherNodes, sqlBody, mayReadPayload, parts.log.child({ part: 'query' })),
    importRoutes(login, parts.imports),
    sampleRoutes(login, samples),
    streamStatusRoutes(login, parts.streamStatus),
    captureRoutes(login, parts.captureStatus, parts.checkCapture),
    streamRoutes({
      path: '/api/v4/stream/hep',
      isOn: isStreamOn.app,
      offBody: errorBody(503, 'HEP stream is not configured'),
      login,
    }),
  ]
  const node = [
    operationRoutes('node', health, metrics),
    streamRoutes({ path: '/stream', isOn: isStreamOn.node, offBody: 'hep stream not configured' }),
    nodeStoreRoutes({
      guard: requireNodeToken({ token: config.node.token, loopbackExempt: config.node.loopback_exempt }),
      node: config.node.name,
      allowPayload: config.node.allow_payload,
      questions: QUESTION_KINDS,
      ask: store === undefined ? undefined : askStore(store),
    }),
  ]
  const document = openapiRoutes({
    version: VERSION,
    tokenHeader: coordinator.api_settings.auth_token_header,
    cookieName: credentials.cookieName,
    app,
    node,
    nodeAddress: config.node.listen,
  })
  return { app: [...app, document], node }
}
