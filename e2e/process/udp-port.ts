import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect } from '@playwright/test'

/** A UDP port that was free just now, for programs that cannot choose one themselves. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

/** Wait until a program has bound a UDP port. Some say nothing when they have. */
export async function udpPortIsBound(port: number): Promise<void> {
  const column = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  await expect.poll(() => readFileSync('/proc/net/udp', 'utf8').includes(column)).toBe(true)
}
