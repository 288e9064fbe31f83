import { createSocket } from 'node:dgram'
import { Socket } from 'node:net'
import type { SystemHandle } from './descriptor.ts'

/**
 * A program of its own that sends the sockets it has inherited back to the thread that started it. On the way the
 * system makes descriptors of their own for the same sockets, which Node has no call for; two threads with one
 * descriptor would close it under each other.
 *
 * Arguments: `udp4`, `udp6` or `tcp` for each descriptor from the first behind the channel on.
 */
const FIRST_DESCRIPTOR = 4
const LIFETIME_MS = 15_000

// The thread ends this program when it has all. One that died meanwhile does not, so this has an end of its own.
setTimeout(() => process.exit(1), LIFETIME_MS)
process.on('disconnect', () => process.exit())
for (const [i, kind] of process.argv.slice(2).entries()) process.send?.(i, handleOf(kind, FIRST_DESCRIPTOR + i))

/** Neither socket reads or accepts here, for what it took would be lost. */
function handleOf(kind: string, fd: number): Socket {
  if (kind === 'tcp') return rawHandle(new Socket({ fd, readable: false, writable: false }))
  const handle = rawHandle(createSocket(kind === 'udp6' ? 'udp6' : 'udp4')) as Socket & { open(fd: number): number }
  handle.open(fd)
  return handle
}

/** What `process.send` takes besides the sockets of its type. */
function rawHandle(socket: object): Socket {
  return (socket as { readonly _handle: SystemHandle })._handle as unknown as Socket
}
