import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect } from '@playwright/test'

export type LoopbackHost = '127.0.0.1' | '::1'

const SOCKET_LISTS = ['udp', 'udp6', 'tcp', 'tcp6']

/** Those who asked before may not have bound theirs yet. */
const given = new Set<number>()

/** A port that was free just now, for UDP and for TCP; for programs that cannot choose one themselves. */
export async function freePort(host: LoopbackHost = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4')
  const isFree = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false))
    socket.bind(port, host, () => resolve(true))
  })
  await new Promise<void>((resolve) => socket.close(resolve))
  await new Promise((resolve) => server.close(resolve))
  if (!isFree || given.has(port)) return freePort(host)
  given.add(port)
  return port
}

/** Wait until a program has bound a port. Some say nothing when they have. */
export async function portIsBound(port: number): Promise<void> {
  // The second column of each list is the local address; port 0 stands for "any" in the third.
  const bound = new RegExp(`^ *\\d+: \\w+:${port.toString(16).toUpperCase().padStart(4, '0')} `, 'm')
  await expect.poll(() => SOCKET_LISTS.some((list) => bound.test(readFileSync(`/proc/net/${list}`, 'utf8')))).toBe(true)
}
