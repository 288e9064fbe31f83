import { readFileSync } from 'node:fs'

/**
 * Datagrams that the kernel dropped because a socket's buffer was full; undefined where it does not tell.
 *
 * @see proc(5), /proc/net/udp: the last column is `drops`
 */
export function kernelDropsOf({ host, port }: { readonly host: string; readonly port: number }): number | undefined {
  let table: string
  try {
    table = readFileSync(`/proc/net/udp${host.includes(':') ? '6' : ''}`, 'utf8')
  } catch {
    return undefined
  }
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (columns[1]?.endsWith(suffix) === true) return Number(columns.at(-1))
  }
  return undefined
}
