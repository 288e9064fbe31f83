import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openLog } from '../../server/src/log.ts'
import { Broker } from '../../server/src/stream/broker.ts'
import { type EndpointPolicy, StreamEndpoint } from '../../server/src/stream/endpoint.ts'
import type { SubscriptionLimits } from '../../server/src/stream/subscription.ts'

export const STREAM_PATH = '/stream'

/** The server's side of a stream as it is in a real server: an HTTP server, its endpoint and its broker. */
export interface Stage {
  readonly port: number
  readonly broker: Broker
  readonly endpoint: StreamEndpoint
  close(): Promise<void>
}

const log = openLog('error')

/** @param limits those of each viewer */
export async function openStage(limits: SubscriptionLimits): Promise<Stage> {
  const broker = new Broker({
    bufferEvents: 100_000,
    bufferBytes: 64 * 1024 * 1024,
    maxSubscribers: 10_000,
    keepsPayload: true,
  })
  const server = createServer()
  const refusal = { status: 503, contentType: 'text/plain', body: 'refused\n' } as const
  const policy: EndpointPolicy = {
    path: STREAM_PATH,
    broker,
    refuseOff: refusal,
    refuseFull: refusal,
    refuseFaults: () => refusal,
    admit: () =>
      Promise.resolve({
        ok: true,
        grant: { node: 'bench', epoch: Date.now(), historyLimit: 2000, defaultHistory: 0, allowsPayload: true, limits },
      }),
  }
  const endpoint = new StreamEndpoint(server, policy, log)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    broker,
    endpoint,
    async close() {
      await endpoint.close(2000)
      server.close()
      server.closeAllConnections()
    },
  }
}
