import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import type { EventBlock } from '@hepscope/shared/event/block.ts'
import { BlockWriter } from '@hepscope/shared/event/writer.ts'
import { encodeHep } from '@hepscope/shared/hep/encode.ts'
import { nodePolicy } from '../../src/main/stream-policies.ts'
import { Broker } from '../../src/stream/broker.ts'
import { StreamEndpoint } from '../../src/stream/endpoint.ts'
import { sipPacket } from '../events.ts'

export interface TestNodeOptions {
  readonly name?: string
  readonly epoch?: number
  readonly port?: number
  readonly bufferEvents?: number
  readonly token?: string
  readonly loopbackExempt?: boolean
  readonly allowPayload?: boolean
}

/** The stream of a node as the server has it, without the rest of the server. */
export class TestNode {
  readonly name: string
  readonly epoch: number
  readonly broker: Broker
  readonly #server: Server
  readonly #endpoint: StreamEndpoint
  readonly #writer: BlockWriter
  #count = 0

  constructor(server: Server, options: TestNodeOptions) {
    const { name = 'edge', epoch = 1000, bufferEvents = 10_000, token = '', allowPayload = false } = options
    this.name = name
    this.epoch = epoch
    this.#server = server
    this.broker = new Broker({ bufferEvents, bufferBytes: 1e9, maxSubscribers: 32, keepsPayload: true })
    const policy = nodePolicy(this.broker, {
      node: name,
      epoch,
      limits: { queueLength: 256, ratePerSec: 500 },
      bufferEvents,
      access: { token, loopbackExempt: options.loopbackExempt ?? true },
      allowPayload,
    })
    this.#endpoint = new StreamEndpoint(server, policy, pino({ level: 'silent' }))
    this.#writer = new BlockWriter({ node: name, epoch })
  }

  static async start(options: TestNodeOptions = {}): Promise<TestNode> {
    const server = createServer()
    const node = new TestNode(server, options)
    server.listen(options.port ?? 0, '127.0.0.1')
    await once(server, 'listening')
    return node
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): URL {
    return new URL(`ws://127.0.0.1:${this.port}/stream`)
  }

  /** Publish events as one block; their Call-IDs are `NAME-EPOCH-SEQ`. */
  publish(count: number): EventBlock {
    for (let i = 0; i < count; i++) {
      const callId = `${this.name}-${this.epoch}-${++this.#count}`
      const packet = sipPacket('INVITE sip:bob@example.com SIP/2.0', callId, '1 INVITE', { tsUs: Date.now() * 1000 })
      this.#writer.append(encodeHep(packet), Date.now() * 1000)
    }
    const block = this.#writer.seal(Date.now() * 1000)
    if (block === undefined) throw new Error('an empty block')
    this.broker.publish(block)
    return block
  }

  async stop(): Promise<void> {
    await this.#endpoint.close(100)
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}
