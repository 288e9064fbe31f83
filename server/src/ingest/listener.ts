import type { ListenerUri } from '../config/address.ts'
import type { HepListener } from './hep-listener.ts'
import type { Ingest } from './ingest.ts'
import { openTcpListener, type TcpLimits } from './tcp.ts'
import { openUdpListener } from './udp.ts'

export interface ListenerLimits extends TcpLimits {
  readonly socketReceiveBufferBytes: number
}

/** A socket that could not be opened; the message says which and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/**
 * Open one listener.
 *
 * @throws ListenError if the address is in use, not ours, or needs more rights
 */
export async function openListener(uri: ListenerUri, ingest: Ingest, limits: ListenerLimits): Promise<HepListener> {
  try {
    return await (uri.transport === 'udp' ? openUdpListener : openTcpListener)(uri, ingest, limits)
  } catch (error) {
    throw new ListenError(listenFault(`hep_${uri.transport}:${uri.host}:${uri.port}`, error), { cause: error })
  }
}

/** One line on why an address cannot be listened on, for HEP and HTTP sockets alike. */
export function listenFault(address: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'EADDRINUSE':
      return `cannot listen on ${address}: the port is in use. Stop the program that holds it or choose another port`
    case 'EACCES':
      return `cannot listen on ${address}: no permission. Ports under 1024 need more rights; choose a higher one`
    case 'EADDRNOTAVAIL':
      return `cannot listen on ${address}: this machine has no such address`
    case 'ENOTFOUND':
      return `cannot listen on ${address}: the host name is unknown`
    default:
      return `cannot listen on ${address}: ${error instanceof Error ? error.message : String(error)}`
  }
}
