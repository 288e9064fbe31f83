import { aliasOf, type AliasTable, endpointText } from './aliases/alias-table.ts'
import type { LadderView } from './ladder-view.ts'
import type { Lane } from './row.ts'

/** An address and port that takes part in a ladder. */
export interface Endpoint {
  /** See `endpointKey`. */
  readonly key: string
  readonly ip: string
  readonly port: number
  /** Letter of the leg that it was seen in. */
  readonly leg: string
  /** It sent or received SIP. */
  readonly isSip: boolean
}

/** Endpoints in order of appearance. Once there, one keeps its place. */
export class Endpoints {
  readonly #places = new Map<string, number>()
  #all: readonly Endpoint[] = []

  /** A new array when an endpoint was added or is now known to speak SIP. */
  get all(): readonly Endpoint[] {
    return this.#all
  }

  /** @returns its place in `all` */
  add(ip: string, port: number, leg: string, isSip: boolean): number {
    const key = endpointKey(ip, port, leg)
    const known = this.#places.get(key)
    const place = known ?? this.#all.length
    if (known === undefined) this.#places.set(key, place)
    else if (!isSip || this.#all[place]?.isSip === true) return place
    this.#all = [...this.#all.slice(0, place), { key, ip, port, leg, isSip }, ...this.#all.slice(place + 1)]
    return place
  }
}

/** Names an endpoint of a leg. */
export function endpointKey(ip: string, port: number, leg: string): string {
  return `${leg}|${ip}|${port}`
}

/** What of a view decides about lanes. */
export type LaneChoice = Pick<LadderView, 'laneBy' | 'merges' | 'hidden' | 'pinned' | 'order' | 'hasSplitLegs'>

/** Lanes from left to right, and the lane of each endpoint. */
export interface LanePlan {
  readonly lanes: readonly Lane[]
  /** Index of a lane by `endpointKey`; absent for endpoints of hidden lanes. */
  readonly indexes: ReadonlyMap<string, number>
  /** Lanes that are there and hidden. */
  readonly hidden: readonly Lane[]
}

/** Lay out lanes. The same endpoints and choice give the same plan; another endpoint comes to the right. */
export function planLanes(endpoints: readonly Endpoint[], choice: LaneChoice, aliases: AliasTable): LanePlan {
  const drafts = new Map<string, Draft>()
  const idOf = new Map<string, string>()
  const groupOf = new Map(choice.merges.flatMap((group) => group.map((id) => [id, group[0] ?? id] as const)))
  for (const endpoint of endpoints) {
    const ownId = laneIdOf(endpoint, choice, aliases)
    const id = groupOf.get(ownId) ?? ownId
    idOf.set(endpoint.key, id)
    const draft = drafts.get(id)
    if (draft === undefined) drafts.set(id, { id, first: endpoint, ids: [ownId], endpoints: [endpoint] })
    else {
      draft.endpoints.push(endpoint)
      if (!draft.ids.includes(ownId)) draft.ids.push(ownId)
    }
  }
  const all = [...drafts.values()].map((draft) => laneOf(draft, choice, aliases))
  const lanes = inOrder(all, choice).filter(({ id }) => !choice.hidden.includes(id))
  const places = new Map(lanes.map(({ id }, index) => [id, index]))
  const indexes = new Map<string, number>()
  for (const [key, id] of idOf) {
    const index = places.get(id)
    if (index !== undefined) indexes.set(key, index)
  }
  return { lanes, indexes, hidden: all.filter(({ id }) => choice.hidden.includes(id)) }
}

interface Draft {
  readonly id: string
  readonly first: Endpoint
  /** Of the lanes that were merged. */
  readonly ids: string[]
  readonly endpoints: Endpoint[]
}

function laneIdOf({ ip, port, leg }: Endpoint, choice: LaneChoice, aliases: AliasTable): string {
  const prefix = choice.hasSplitLegs && leg !== '' ? `${leg}|` : ''
  if (ip === '') return `${prefix}?`
  if (choice.laneBy === 'endpoint') return prefix + endpointText(ip, port)
  const name = choice.laneBy === 'alias' ? aliasOf(aliases, ip, port) : ''
  return prefix + (name === '' ? ip : `@${name}`)
}

function laneOf({ id, first, ids, endpoints }: Draft, choice: LaneChoice, aliases: AliasTable): Lane {
  const names = endpoints.map(({ ip, port }) => aliasOf(aliases, ip, port)).filter((name) => name !== '')
  const isOneEndpoint = endpoints.every(({ ip, port }) => ip === first.ip && port === first.port)
  return {
    id,
    name: names[0] ?? '',
    ip: first.ip,
    port: first.ip !== '' && choice.laneBy === 'endpoint' && isOneEndpoint ? first.port : undefined,
    members: [...new Set(endpoints.map(({ ip, port }) => endpointText(ip, port)))],
    // The lane that gives the group its id may come later than one that is merged into it.
    merged: [...new Set([...ids.filter((one) => one === id), ...ids])],
    isPinned: choice.pinned.includes(id),
    leg: choice.hasSplitLegs ? first.leg : '',
  }
}

/** Pinned lanes first, then those that somebody has put somewhere, then the others as they appeared. */
function inOrder(lanes: readonly Lane[], { pinned, order, hasSplitLegs }: LaneChoice): readonly Lane[] {
  const rank = (list: readonly string[], id: string): number => {
    const index = list.indexOf(id)
    return index < 0 ? list.length : index
  }
  return lanes.toSorted(
    (a, b) =>
      rank(pinned, a.id) - rank(pinned, b.id) ||
      rank(order, a.id) - rank(order, b.id) ||
      (hasSplitLegs ? compareLegs(a.leg, b.leg) : 0),
  )
}

function compareLegs(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
