import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseHostPort } from '../config/address.ts'
import type { Config } from '../config/schema.ts'
import { SessionStore } from '../auth/sessions.ts'
import { UserStore } from '../auth/users.ts'
import { createApp, requireLogin } from '../http/app.ts'
import { errorBody } from '../http/error.ts'
import { authRoutes } from '../http/routes/auth.ts'
import { operationRoutes } from '../http/routes/operation.ts'
import { sampleRoutes } from '../http/routes/samples.ts'
import { searchRoutes } from '../http/routes/search.ts'
import { statusRoutes } from '../http/routes/status.ts'
import { streamRoutes } from '../http/routes/stream.ts'
import { loadCallbacks } from '../ingest/callbacks.ts'
import type { HepListener } from '../ingest/hep-listener.ts'
import { Ingest } from '../ingest/ingest.ts'
import { ListenError, listenFault, openListener } from '../ingest/listener.ts'
import type { Logger } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { lockDataDir } from './data-dir-lock.ts'
import { RejectLog } from './reject-log.ts'
import { raisePriority } from './priority.ts'
import { openRelay } from './relay.ts'
import { SampleCalls } from './sample-calls.ts'
import { listenerOptions } from './listeners.ts'
import { healthOf, metricSources, statsOf } from './status.ts'
import { openStore, type Store } from '../store/store.ts'
import { Broker } from '../stream/broker.ts'
import { VERSION } from '../version.ts'
import { StreamEndpoint } from '../stream/endpoint.ts'
import { coordinatorPolicy, nodePolicy } from './stream-policies.ts'

/** How long viewers have to answer the close at shutdown. */
const CLOSE_TIMEOUT_MS = 2000

export interface RunningServer {
  /** Ports in use, also where the configuration asked for any. */
  readonly listeners: readonly HepListener[]
  readonly appPort: number
  readonly nodePort: number
  /** Password of an admin that was made just now; to be shown once. */
  readonly generatedPassword: string | undefined
  /** Take what has arrived, write it out, say goodbye to viewers. Idempotent. */
  close(): Promise<void>
}

/**
 * Start everything that the configuration asks for.
 *
 * @throws DataDirError, ListenError, UserError or StoreError before anything is served; what was opened is closed again
 */
export async function startServer(config: Config, log: Logger): Promise<RunningServer> {
  const opened: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const step of opened.splice(0).reverse()) await step()
  }
  try {
    return await open(config, log, opened, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  config: Config,
  log: Logger,
  opened: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<RunningServer> {
  const unlock = lockDataDir(config.data_dir)
  opened.push(async () => unlock())
  const users = new UserStore(config.data_dir)
  const generatedPassword = await users.ensureAdmin(config.admin_password)
  const { jwt } = config.coordinator
  const sessions = new SessionStore(config.data_dir, users, jwt.secret, jwt.expire_hours)
  const credentials = { cookieName: jwt.cookie_name, trustedOrigins: jwt.cookie_trusted_origins }

  const store = config.storage.enable ? await openStoreOf(config, log) : undefined
  if (store !== undefined) opened.push(() => store.close())
  const broker = brokerOf(config)
  const callbacks = await loadCallbacks(config.ingest.callbacks, log.child({ part: 'callbacks' }))
  const relay = openRelay(config, log.child({ part: 'trace' }))
  if (relay !== undefined) opened.push(() => relay.close())
  const rejectLog = new RejectLog(log.child({ part: 'ingest' }))
  const ingest = new Ingest({
    source: { node: config.node.name, epoch: Date.now() },
    blockIntervalMs: config.ingest.block_interval_ms,
    onBlock: (block) => {
      broker?.publish(block)
      store?.append(block)
    },
    onReject: (rejection) => rejectLog.add(rejection),
    ...(callbacks !== undefined && { callbacks }),
    ...(relay !== undefined && { onPacket: (packet) => relay.receive(packet) }),
  })

  // Behind the store's start: its threads are not to have it.
  if (!raisePriority()) log.debug('no right to raise the priority of the thread that reads the sockets')
  const listeners: HepListener[] = []
  const sources = { ingest, broker, store, listeners, relay }
  const health = () => healthOf(sources)
  const metrics = createMetrics(metricSources(sources))
  const login = requireLogin(sessions, credentials)
  const samples = new SampleCalls(() => listeners, log.child({ part: 'samples' }))
  opened.push(() => samples.close())
  const streamOptions = config.coordinator.hep_stream
  const appBroker = streamOptions.enable ? broker : undefined
  const app = createApp(
    log.child({ part: 'http' }),
    [
      operationRoutes('coordinator', health, metrics),
      authRoutes({ users, sessions, credentials, log: log.child({ part: 'auth' }) }),
      statusRoutes(
        login,
        () => ({
          version: VERSION,
          node: config.node.name,
          listeners: listeners.map(({ transport, host, port }) => ({ transport, host, port })),
          stream: {
            enabled: appBroker !== undefined,
            allowPayload: streamOptions.allow_payload,
            historyLimit: streamOptions.history_limit,
          },
          storage: { enabled: store !== undefined },
        }),
        () => statsOf(sources),
      ),
      searchRoutes(login, store),
      sampleRoutes(login, samples),
      streamRoutes(
        '/api/v4/stream/hep',
        appBroker !== undefined,
        errorBody(503, 'HEP stream is not configured'),
        login,
      ),
    ],
    fileURLToPath(new URL('../../client/dist', import.meta.url)),
  )
  const node = createApp(log.child({ part: 'node' }), [
    operationRoutes('node', health, metrics),
    streamRoutes('/stream', broker !== undefined, 'hep stream not configured'),
  ])

  const appServer = await listen(app.callback(), config.coordinator.listen, opened)
  const nodeServer = await listen(node.callback(), config.node.listen, opened)
  const policy = coordinatorPolicy(appBroker, sessions, {
    historyLimit: streamOptions.history_limit,
    allowPayload: streamOptions.allow_payload,
    credentials,
  })
  const streamLog = log.child({ part: 'stream' })
  const endpoints = [
    new StreamEndpoint(appServer, policy, streamLog),
    new StreamEndpoint(nodeServer, nodePolicy(broker), streamLog),
  ]
  const stopHearing = sessions.onRevoked((jti) => {
    for (const endpoint of endpoints) endpoint.endSession(jti)
  })
  opened.push(async () => {
    stopHearing()
    await Promise.all(endpoints.map((endpoint) => endpoint.close(CLOSE_TIMEOUT_MS)))
  })

  // Pushed first so that it runs last: listeners close, then what they had received is sealed.
  opened.push(() => {
    ingest.flush()
    return Promise.resolve()
  })
  for (const options of listenerOptions(config)) {
    const listener = await openListener(ingest, options)
    listeners.push(listener)
    opened.push(() => listener.close())
  }
  return {
    listeners,
    appPort: portOf(appServer),
    nodePort: portOf(nodeServer),
    generatedPassword,
    close,
  }
}

function openStoreOf(config: Config, log: Logger): Promise<Store> {
  const { storage } = config
  return openStore({
    dataDir: config.data_dir,
    memoryLimit: storage.memory_limit,
    threads: storage.threads,
    sealIntervalMs: storage.seal_interval_sec * 1000,
    sealRows: storage.seal_rows,
    logMaxBytes: storage.log_max_bytes,
    retentionDays: storage.retention_days,
    log: log.child({ part: 'store' }),
  })
}

function brokerOf(config: Config): Broker | undefined {
  const stream = config.ingest.hep_stream
  if (!stream.enable) return undefined
  return new Broker({
    bufferEvents: stream.buffer_size,
    bufferBytes: stream.buffer_bytes,
    maxSubscribers: stream.max_subscribers,
    queueLength: stream.per_sub_queue_len,
    ratePerSec: stream.rate_per_sub_pps,
  })
}

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  address: string,
  opened: (() => Promise<void>)[],
): Promise<Server> {
  const server = createServer((request, response) => void handler(request, response))
  const at = parseHostPort(address)
  try {
    server.listen(at)
    await once(server, 'listening')
  } catch (error) {
    throw new ListenError(listenFault(`http ${address}`, error), { cause: error })
  }
  opened.push(async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
