import { expect, onTestFinished } from 'vitest'
import { openServer, type TestServer } from '../http/test-server.ts'
import { HepFeed } from './hep-feed.ts'
import { LedgerViewer } from './ledger-viewer.ts'

type Tree = Readonly<Record<string, unknown>>

/** Nothing is dropped by a limit of a viewer. */
const STREAM = {
  enable: true,
  buffer_size: 10_000,
  per_sub_queue_len: 100_000,
  rate_per_sub_pps: 0,
  max_subscribers: 64,
}

interface NodeOptions {
  readonly port?: number
  readonly hepPort?: number
  /** Keys of the configuration's `node`. */
  readonly node?: Tree
  /** Keys of `ingest.hep_stream`. */
  readonly stream?: Tree
}

/** A whole server as a node; storage aside. */
export async function startNode(
  name: string,
  { port = 0, hepPort = 0, node, stream }: NodeOptions = {},
): Promise<TestServer> {
  const opened = await openServer(
    { hep_stream: { enable: false } },
    {
      node: { name, listen: `127.0.0.1:${port}`, ...node },
      ingest: { listeners: [`hep_tcp:127.0.0.1:${hepPort}`], hep_stream: { ...STREAM, ...stream } },
    },
  )
  onTestFinished(opened.close)
  return opened
}

/**
 * A whole server as a coordinator, which takes HEP too.
 *
 * @param more keys of the configuration's `coordinator`
 * @param dataDir of a server that ran before
 */
export async function startCoordinator(nodes: readonly Tree[], more: Tree = {}, dataDir?: string): Promise<TestServer> {
  const opened = await openServer(
    { nodes, ...more },
    {
      ...(dataDir !== undefined && { data_dir: dataDir }),
      node: { name: 'center', listen: '127.0.0.1:0' },
      ingest: { listeners: ['hep_tcp:127.0.0.1:0'], hep_stream: STREAM },
    },
  )
  onTestFinished(opened.close)
  return opened
}

export function feed(of: TestServer, name: string, packetsPerSec = 200): HepFeed {
  const [listener] = of.server.listeners
  if (listener === undefined) throw new Error('no listener')
  const made = new HepFeed({ host: '127.0.0.1', port: listener.port }, name, packetsPerSec)
  onTestFinished(() => made.stop())
  return made
}

/** A viewer of `/stream` of a node itself. */
export function viewNode(of: TestServer, query = ''): LedgerViewer {
  return viewAt(`${of.nodeUrl}/stream?format=block&${query}`)
}

/** A viewer of a coordinator. */
export function viewApp(of: TestServer, token: string, query = ''): LedgerViewer {
  return viewAt(`${of.url}/api/v4/stream/hep?access_token=${token}&${query}`)
}

export function viewAt(url: string): LedgerViewer {
  const viewer = new LedgerViewer(new URL(url.replace(/^http/, 'ws')))
  onTestFinished(() => viewer.close())
  return viewer
}

export async function untilOpen(...viewers: readonly LedgerViewer[]): Promise<void> {
  await expect.poll(() => viewers.every(({ isOpen }) => isOpen), { timeout: 5000 }).toBe(true)
}

/** The text of `/metrics`. */
export async function metricsOf(of: TestServer): Promise<string> {
  const response = await fetch(`${of.url}/metrics`)
  return response.text()
}
