import { fork } from 'node:child_process'
import type { ListenerUri } from '../config/address.ts'
import type { SystemHandle } from './descriptor.ts'

const TIMEOUT_MS = 10_000
const CHANNEL = ['ignore', 'ignore', 'inherit', 'ipc'] as const

/** A socket of another thread. */
export interface SharedSocket {
  readonly uri: ListenerUri
  readonly descriptor: number
}

/**
 * Descriptors of this thread's own for sockets that another thread has open.
 *
 * @param courier path of the program that passes them on, see `courier-entry.ts`
 * @throws Error if it cannot be run or does not answer
 */
export async function duplicateSockets(sockets: readonly SharedSocket[], courier: string): Promise<SystemHandle[]> {
  if (sockets.length === 0) return []
  const child = fork(courier, sockets.map(kindOf), {
    execArgv: ['--no-deprecation'],
    stdio: [...CHANNEL, ...sockets.map(({ descriptor }) => descriptor)],
  })
  const handles: SystemHandle[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the courier of descriptors does not answer')), TIMEOUT_MS)
      child.on('message', (_, handle) => {
        handles.push(handle as unknown as SystemHandle)
        if (handles.length < sockets.length) return
        clearTimeout(timer)
        resolve()
      })
      child.on('error', reject)
      child.on('exit', (code) => reject(new Error(`the courier of descriptors ended: exit code ${code}`)))
    })
    return handles
  } finally {
    child.kill()
  }
}

function kindOf({ uri }: SharedSocket): string {
  if (uri.transport !== 'udp') return 'tcp'
  return uri.host.includes(':') ? 'udp6' : 'udp4'
}
