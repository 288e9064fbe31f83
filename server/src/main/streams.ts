import { readFileSync } from 'node:fs'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { ConfigError } from '../config/load.ts'
import { parseNodeUrl } from '../config/nodes.ts'
import type { Config } from '../config/schema.ts'
import { FanIn, type RemoteNode } from '../coordinator/fan-in.ts'
import type { Logger } from '../log.ts'
import { Broker } from '../stream/broker.ts'
import type { PastBlocks } from '../stream/past.ts'

/** The live streams of this server. */
export interface Streams {
  /** This server's own events, for `/stream`. */
  readonly node: Broker | undefined
  /** The events of all nodes, for `/api/v4/stream/hep`; without other nodes it is the same broker. */
  readonly app: Broker | undefined
  /** Each of the two once. */
  readonly brokers: readonly Broker[]
  /** Undefined without other nodes. */
  readonly fanIn: FanIn | undefined
  /** A block of this server's own ingest. */
  publish(block: EventBlock): void
}

/**
 * The streams that the configuration asks for. The fan-in does not listen yet.
 *
 * @param own identity that this server stamps on its blocks
 * @param past its blocks that the rings have forgotten, where they are kept
 * @param onRemoteBlock told of each block of another node
 * @throws ConfigError if the certificate file of a node cannot be read
 */
export function makeStreams(
  config: Config,
  own: { node: string; epoch: number },
  past: PastBlocks | undefined,
  onRemoteBlock: (block: EventBlock) => void,
  log: Logger,
): Streams {
  const isNode = config.ingest.hep_stream.enable
  const { nodes, hep_stream: appStream } = config.coordinator
  const { token, allow_payload: nodeAllowsPayload } = config.node
  const isPayloadGivenByNode = token !== '' && nodeAllowsPayload
  if (nodes.length === 0 || !appStream.enable) {
    if (nodes.length > 0) log.warn('coordinator.hep_stream.enable is false: coordinator.nodes are not listened to')
    const node = isNode ? brokerOf(config, isPayloadGivenByNode || appStream.allow_payload, past) : undefined
    return {
      node,
      app: appStream.enable ? node : undefined,
      brokers: node === undefined ? [] : [node],
      fanIn: undefined,
      publish: (block) => node?.publish(block),
    }
  }
  const node = isNode ? brokerOf(config, isPayloadGivenByNode, past) : undefined
  const app = brokerOf(config, appStream.allow_payload, isNode ? past : undefined)
  const fanIn = new FanIn(
    {
      nodes: remoteNodes(config),
      own,
      hasLocal: isNode,
      withPayload: appStream.allow_payload,
      handshakeTimeoutMs: appStream.fan_out_timeout_ms,
      reorderMs: config.coordinator.reorder_ms,
      log,
    },
    {
      publish(block) {
        if (block.node !== own.node) onRemoteBlock(block)
        app.publish(block)
      },
      announce: (frame) => app.announce(frame),
    },
  )
  return {
    node,
    app,
    brokers: node === undefined ? [app] : [node, app],
    fanIn,
    publish(block) {
      if (node === undefined) return
      node.publish(block)
      fanIn.publishLocal(block)
    },
  }
}

function brokerOf(
  { ingest: { hep_stream: stream } }: Config,
  keepsPayload: boolean,
  past: PastBlocks | undefined,
): Broker {
  return new Broker({
    bufferEvents: stream.buffer_size,
    bufferBytes: stream.buffer_bytes,
    maxSubscribers: stream.max_subscribers,
    keepsPayload,
    maskedHeaders: stream.mask_headers.map((name) => name.toLowerCase()),
    ...(past !== undefined && { past }),
  })
}

/**
 * The nodes that the configuration names.
 *
 * @throws ConfigError if the certificate file of one cannot be read
 */
export function remoteNodes({ coordinator: { nodes } }: Config): RemoteNode[] {
  const faults: string[] = []
  const remotes = nodes.flatMap(({ name, url: text, token, ca }, i): RemoteNode[] => {
    const url = parseNodeUrl(text)
    if (url === undefined) return []
    const pem = ca === undefined ? undefined : readPem(`coordinator.nodes.${i}.ca`, ca, faults)
    return [{ name, url, ...(token !== undefined && { token }), ...(pem !== undefined && { ca: pem }) }]
  })
  if (faults.length > 0) throw new ConfigError('configuration', faults)
  return remotes
}

/**
 * The certificate and key that the node's server shows; undefined where it speaks no TLS.
 *
 * @throws ConfigError if a file cannot be read
 */
export function nodeTls({ node: { tls } }: Config): { cert: string; key: string } | undefined {
  if (tls.cert === '') return undefined
  const faults: string[] = []
  const cert = readPem('node.tls.cert', tls.cert, faults)
  const key = readPem('node.tls.key', tls.key, faults)
  if (cert === undefined || key === undefined) throw new ConfigError('configuration', faults)
  return { cert, key }
}

function readPem(name: string, path: string, faults: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
