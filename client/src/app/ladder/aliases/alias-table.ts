/** Names of hosts: `ip`, or `ip:port` (`[ip]:port`) where one port has a name of its own. */
export type AliasTable = ReadonlyMap<string, string>

export const NO_ALIASES: AliasTable = new Map()

/** Name of an endpoint: that of its address and port, else that of its address; `''` if it has none. */
export function aliasOf(table: AliasTable, ip: string, port: number): string {
  if (table.size === 0 || ip === '') return ''
  return table.get(endpointText(ip, port)) ?? table.get(ip) ?? ''
}

/** `10.0.0.1:5060`, `[2001:db8::1]:5060`; `?` for no address. */
export function endpointText(ip: string, port: number): string {
  if (ip === '') return '?'
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
