import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { HepDestination } from './hep-id.ts'

/** A socket that this server listens on. */
export interface OpenListener {
  readonly transport: string
  /** An address, or the one that stands for all. */
  readonly host: string
  readonly port: number
}

const ANY_HOST: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * The listener that would receive what is sent to a destination, so that a relay to it would send every packet in a
 * circle for ever. Host names other than `localhost` are not looked up.
 *
 * @param ownAddresses addresses of this machine
 */
export function findOwnListener(
  { host, port, transport }: HepDestination,
  listeners: readonly OpenListener[],
  ownAddresses: readonly string[] = addressesOfThisMachine(),
): OpenListener | undefined {
  const isLoopback = host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
  const isOwn = isLoopback || ANY_HOST.has(host) || ownAddresses.includes(host)
  return listeners.find((listener) => {
    if (listener.port !== port || listener.transport !== transport) return false
    if (listener.host === host) return true
    return isOwn && (ANY_HOST.has(listener.host) || (host === 'localhost' && isLoopbackAddress(listener.host)))
  })
}

function isLoopbackAddress(host: string): boolean {
  return host === '::1' || host.startsWith('127.') || host === 'localhost'
}

function addressesOfThisMachine(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address))
}
