import type { Socket } from 'node:dgram'
import type { Server } from 'node:net'

/** Node's own object behind a socket, which it can send to another process and bind another socket to. */
export interface SystemHandle {
  /** Number of the descriptor, -1 where the system has none. */
  readonly fd: number
}

/**
 * Number of an open socket's descriptor; undefined where the system has none.
 *
 * Node tells it by `_handle` alone, and for datagram sockets warns of that without offering anything in its place.
 */
export function descriptorOf(socket: Socket | Server): number | undefined {
  const { noDeprecation } = process
  process.noDeprecation = true
  const handle = (socket as unknown as { readonly _handle: SystemHandle | null })._handle
  process.noDeprecation = noDeprecation ?? false
  return handle === null || handle.fd < 0 ? undefined : handle.fd
}
