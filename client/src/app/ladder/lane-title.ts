import type { Lane } from './row.ts'

/** How a lane is named in running text: its id, with the alias in front of an address. */
export function laneTitle(lane: Lane | undefined): string {
  if (lane === undefined) return '?'
  const bare = lane.id.slice(lane.id.indexOf('|') + 1)
  return lane.name === '' || bare === `@${lane.name}` ? bare.replace(/^@/, '') : `${lane.name} ${bare}`
}

/** What stands on top of a lane: a name large, an address small. */
export function laneHead(lane: Lane): { readonly name: string; readonly address: string } {
  const ip = lane.ip === '' ? 'no address' : shortIp(lane.ip)
  const port = lane.port === undefined ? '' : `:${lane.port}`
  const more = lane.merged.length > 1 ? ` +${lane.merged.length - 1}` : ''
  return lane.name === ''
    ? { name: ip, address: `${port}${more}` }
    : { name: lane.name, address: `${ip}${port}${more}` }
}

const LONG_IP_CHARS = 16

/** A long IPv6 address by its ends, for what tells neighbours apart is its end: `2001:…7c1::41`. */
function shortIp(ip: string): string {
  return ip.length <= LONG_IP_CHARS ? ip : `${ip.slice(0, 5)}…${ip.slice(-9)}`
}
