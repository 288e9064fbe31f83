import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseHostPort } from '../config/address.ts'
import { AgentBook } from '../capture/agent-book.ts'
import { ListenerCheck } from '../capture/listener-check.ts'
import type { Config } from '../config/schema.ts'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { createApp } from '../http/app.ts'
import { createReception } from '../ingest/create-reception.ts'
import type { ListenerStatus } from '../ingest/hep-listener.ts'
import { ListenError, listenFault } from '../ingest/listener.ts'
import type { Logger } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { openAccounts } from './accounts.ts'
import { type Api, makeApi } from './api.ts'
import { lockDataDir } from './data-dir-lock.ts'
import { importFile } from './importer.ts'
import { raisePriority } from '../priority.ts'
import { openRelay } from './relay.ts'
import { SampleCalls } from './sample-calls.ts'
import { captureStatus } from './capture-status.ts'
import { checkedListeners, listenerOptions, scanOptions } from './listeners.ts'
import { healthOf, metricSources, statsOf } from './status.ts'
import { openStore } from '../store/store.ts'
import type { SubscriptionLimits } from '../stream/subscription.ts'
import { StreamEndpoint } from '../stream/endpoint.ts'
import { coordinatorPolicy, nodePolicy } from './stream-policies.ts'
import { makeStoredSearch } from './stored-search.ts'
import { storeOptions } from './store-options.ts'
import { streamStatus } from './stream-status.ts'
import { makeStreams, nodeTls } from './streams.ts'

/** How long viewers have to answer the close at shutdown. */
const CLOSE_TIMEOUT_MS = 2000
/** Agent of imported SIP that came in no HEP: 0 is what nobody uses. */
const IMPORT_AGENT_ID = 0

export interface RunningServer {
  /** Ports in use, also where the configuration asked for any. */
  readonly listeners: readonly ListenerStatus[]
  readonly appPort: number
  readonly nodePort: number
  /** Password of an admin that was made just now; to be shown once. */
  readonly generatedPassword: string | undefined
  /** What the two ports serve. */
  readonly api: Api
  /** Take what has arrived, write it out, say goodbye to viewers. Idempotent. */
  close(): Promise<void>
}

/**
 * Start everything that the configuration asks for.
 *
 * @throws DataDirError, ListenError, AccountError or StoreError before anything is served; what was opened is closed again
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
  const accounts = await openAccounts(config)
  opened.push(async () => accounts.tokens.close())

  const store = config.storage.enable
    ? await openStore({ ...storeOptions(config), log: log.child({ part: 'store' }) })
    : undefined
  if (store !== undefined) opened.push(() => store.close())
  const own = { node: config.node.name, epoch: Date.now() }
  const tls = nodeTls(config)
  const past = store && { ...own, read: store.readLog.bind(store) }
  const agents = new AgentBook()
  const check = new ListenerCheck(() => checkedListeners(config, reception.listeners))
  const noteAgents = (block: EventBlock): void => agents.note(block)
  const streams = makeStreams(config, own, past, noteAgents, log.child({ part: 'coordinator' }))
  const stored = makeStoredSearch(config, store)
  const relay = openRelay(config, log.child({ part: 'trace' }))
  if (relay !== undefined) opened.push(() => relay.close())
  const reception = createReception({
    threads: config.ingest.workers,
    listeners: listenerOptions(config),
    source: own,
    blockIntervalMs: config.ingest.block_interval_ms,
    scan: scanOptions(config),
    callbacks: config.ingest.callbacks,
    log: log.child({ part: 'ingest' }),
    onBlock: (block) => {
      streams.publish(block)
      store?.append(block)
      agents.note(block)
      check.note(block)
    },
    ...(relay !== undefined && { onPacket: (packet: Uint8Array) => relay.receive(packet) }),
  })

  // Behind the store's start: its threads are not to have it.
  if (!raisePriority('high')) log.debug('no right to raise the priority of the thread that reads the sockets')
  const endpoints: StreamEndpoint[] = []
  const sources = { reception, streams, store, stored, relay, logins: accounts.logins, endpoints }
  const samples = new SampleCalls(() => reception.listeners, log.child({ part: 'samples' }))
  opened.push(() => samples.close())
  const api = makeApi({
    config,
    accounts,
    store,
    stored,
    samples,
    imports: {
      maxBytes: config.coordinator.import_max_bytes,
      run: (name, file, signal) =>
        importFile(name, file, signal, {
          maxBytes: config.coordinator.import_max_bytes,
          agentId: IMPORT_AGENT_ID,
          receive: (packet) => reception.receive(packet),
          queueBytes: () => store?.stats().queueBytes ?? 0,
        }),
      log: log.child({ part: 'import' }),
    },
    health: () => healthOf(sources),
    metrics: createMetrics(metricSources(sources)),
    stats: () => statsOf(sources),
    streamStatus: () => streamStatus(streams, endpoints),
    captureStatus: () => captureStatus(sources, agents, own),
    checkCapture: () => check.run(),
    listeners: () => reception.listeners.map(({ transport, host, port }) => ({ transport, host, port })),
    isStreamOn: { app: streams.app !== undefined, node: streams.node !== undefined },
    log,
  })
  const clientDir = fileURLToPath(new URL('../../client/dist', import.meta.url))
  const app = createApp(log.child({ part: 'http' }), api.app, clientDir)
  const node = createApp(log.child({ part: 'node' }), api.node)

  const appServer = await listen(app.callback(), config.coordinator.listen, opened)
  const nodeServer = await listen(node.callback(), config.node.listen, opened, tls)
  const stream = { ...own, limits: viewerLimits(config) }
  const streamLog = log.child({ part: 'stream' })
  const { hep_stream: streamOptions } = config.coordinator
  const policy = coordinatorPolicy(streams.app, {
    ...stream,
    historyLimit: streamOptions.history_limit,
    defaultHistory: streamOptions.history_default,
    allowPayload: streamOptions.allow_payload,
    credentials: accounts.credentials,
    ready: streams.fanIn?.ready ?? Promise.resolve(),
    log: streamLog,
  })
  endpoints.push(
    new StreamEndpoint(appServer, policy, streamLog),
    new StreamEndpoint(
      nodeServer,
      nodePolicy(streams.node, {
        ...stream,
        bufferEvents: config.ingest.hep_stream.buffer_size,
        access: { token: config.node.token, loopbackExempt: config.node.loopback_exempt },
        allowPayload: config.node.allow_payload,
      }),
      streamLog,
    ),
  )
  opened.push(async () => {
    await Promise.all(endpoints.map((endpoint) => endpoint.close(CLOSE_TIMEOUT_MS)))
  })

  opened.push(async () => streams.fanIn?.close())
  opened.push(() => reception.close())
  await reception.open()
  streams.fanIn?.open()
  return {
    listeners: reception.listeners,
    appPort: portOf(appServer),
    nodePort: portOf(nodeServer),
    generatedPassword: accounts.generatedPassword,
    api,
    close,
  }
}

function viewerLimits({ ingest: { hep_stream: stream } }: Config): SubscriptionLimits {
  return { queueLength: stream.per_sub_queue_len, ratePerSec: stream.rate_per_sub_pps }
}

async function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  address: string,
  opened: (() => Promise<void>)[],
  tls?: { readonly cert: string; readonly key: string },
): Promise<Server> {
  const handle = (request: IncomingMessage, response: ServerResponse) => void handler(request, response)
  const server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle)
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
