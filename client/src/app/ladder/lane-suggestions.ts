import { contactHost, topVia } from './message-hosts.ts'
import type { LadderMessage } from './message.ts'
import type { Lane } from './row.ts'

/** Lanes that are likely one element. */
export interface LaneSuggestion {
  /** Ids, from left to right. */
  readonly lanes: readonly string[]
  readonly reason: 'alias' | 'ports' | 'via' | 'contact'
  /** What they share: an alias, an address, the host that a header names. */
  readonly what: string
}

/** Messages of one endpoint whose headers are read: later ones name the same hosts. */
const READ_PER_ENDPOINT = 4

/**
 * Lanes that could be one: of the same alias, of one address with several ports, and of an address that an element
 * sends from while its Via or Contact names another one that has a lane.
 *
 * @param messages by time
 */
export function suggestMerges(lanes: readonly Lane[], messages: Iterable<LadderMessage>): LaneSuggestion[] {
  const suggestions = new Map<string, LaneSuggestion>()
  const suggest = (reason: LaneSuggestion['reason'], what: string, ids: readonly string[]): void => {
    const inOrder = lanes.map(({ id }) => id).filter((id) => ids.includes(id))
    const key = inOrder.join(' ')
    if (inOrder.length > 1 && !suggestions.has(key)) suggestions.set(key, { lanes: inOrder, reason, what })
  }
  const named = lanes.filter(({ name }) => name !== '')
  for (const [name, same] of groupBy(named, (lane) => `${lane.leg}|${lane.name}`)) {
    suggest('alias', name.slice(name.indexOf('|') + 1), same)
  }
  const withPort = lanes.filter(({ ip, port }) => ip !== '' && port !== undefined)
  for (const [ip, same] of groupBy(withPort, (lane) => `${lane.leg}|${lane.ip}`)) {
    suggest('ports', ip.slice(ip.indexOf('|') + 1), same)
  }
  suggestByHeaders(lanes, messages, suggest)
  return [...suggestions.values()]
}

function groupBy(lanes: readonly Lane[], keyOf: (lane: Lane) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const lane of lanes) {
    const key = keyOf(lane)
    groups.set(key, [...(groups.get(key) ?? []), lane.id])
  }
  return groups
}

function suggestByHeaders(
  lanes: readonly Lane[],
  messages: Iterable<LadderMessage>,
  suggest: (reason: LaneSuggestion['reason'], what: string, ids: readonly string[]) => void,
): void {
  const lanesOf = (ip: string): Lane[] => lanes.filter((lane) => lane.members.some((member) => ipOf(member) === ip))
  const readCounts = new Map<string, number>()
  for (const message of messages) {
    const { payload, method, srcIp, srcPort, statusCode } = message
    if (payload === undefined || method === '' || statusCode !== 0) continue
    const endpoint = `${srcIp} ${srcPort}`
    const count = readCounts.get(endpoint) ?? 0
    if (count >= READ_PER_ENDPOINT) continue
    readCounts.set(endpoint, count + 1)
    const via = topVia(payload)
    // Proxies pass the Contact on as it is; only who began the request names itself in it.
    const contact = via?.isOnly === true ? contactHost(payload) : undefined
    for (const [reason, host] of [
      ['via', via?.host],
      ['contact', contact],
    ] as const) {
      if (host === undefined || host === srcIp) continue
      const others = lanesOf(host)
      if (others.length > 0)
        suggest(
          reason,
          host,
          [...lanesOf(srcIp), ...others].map(({ id }) => id),
        )
    }
  }
}

/** @param member `ip:port` or `[ip]:port` */
function ipOf(member: string): string {
  return member.startsWith('[') ? member.slice(1, member.indexOf(']')) : member.slice(0, member.lastIndexOf(':'))
}
