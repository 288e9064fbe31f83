import type { ListenerUri } from '../config/address.ts'
import { Gate, type GateOptions } from './gate.ts'
import type { HepListener } from './hep-listener.ts'
import { openHttpListener } from './http.ts'
import type { Ingest } from './ingest.ts'
import { createShares, type ListenerPlace } from './listener-place.ts'
import { openTcpListener, type TcpLimits } from './tcp.ts'
import { openTlsListener, type TlsOptions } from './tls.ts'
import { openUdpListener, type UdpLimits } from './udp.ts'

/** Plain data: it goes to threads as it is. */
export interface ListenerOptions extends TcpLimits, UdpLimits {
  readonly uri: ListenerUri
  /** Undefined where everybody may send. */
  readonly gate?: GateOptions
  /** Needed for TLS. */
  readonly tls?: TlsOptions
}

/** A socket that could not be opened; the message says which and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/**
 * Open one listener.
 *
 * @param place where it shares a socket with other threads
 * @throws ListenError if the address is in use, not ours, or needs more rights, or a certificate cannot be used
 */
export async function openListener(
  ingest: Ingest,
  options: ListenerOptions,
  place: ListenerPlace = { thread: 0, shares: createShares(1, hasRates(options)) },
): Promise<HepListener> {
  const { uri, tls } = options
  const gate = options.gate && new Gate(options.gate, place.shares.rates)
  try {
    switch (uri.transport) {
      case 'udp':
        return await openUdpListener(uri, ingest, options, gate, place)
      case 'tcp':
        return await openTcpListener(uri, ingest, options, gate, place)
      case 'http':
        return await openHttpListener(uri, ingest, options, gate, place)
      case 'tls':
        if (tls === undefined) throw new Error('a TLS listener needs cert and key')
        return await openTlsListener(uri, ingest, options, gate, place, tls)
    }
  } catch (error) {
    throw new ListenError(listenFault(`hep_${uri.transport}:${uri.host}:${uri.port}`, error), { cause: error })
  }
}

/** Whether a listener counts the packets of each sender. */
export function hasRates({ gate }: ListenerOptions): boolean {
  return (gate?.packetsPerSec ?? 0) > 0
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
