import type { AliasTable } from './aliases/alias-table.ts'
import type { Analysis } from './analysis.ts'
import type { Item } from './item.ts'
import { isSip } from './label.ts'
import type { LadderView } from './ladder-view.ts'
import { type Endpoint, endpointKey, type LanePlan, planLanes } from './lanes.ts'
import type { LadderMessage } from './message.ts'
import { copyRow, foldedRow, messageRow } from './message-row.ts'
import type { Bracket, GapRow, LadderRow, Lane } from './row.ts'
import type { SdpStory } from './sdp-story.ts'
import type { Transaction } from './transactions.ts'

/** A ladder as it is to be drawn, without a pixel. */
export interface Scene {
  readonly rows: readonly LadderRow[]
  readonly lanes: readonly Lane[]
  /** Lanes that the view hides. */
  readonly hiddenLanes: readonly Lane[]
  /** Messages that have no row because of a hidden lane or of `show`. */
  readonly hiddenCount: number
  readonly brackets: readonly Bracket[]
  readonly story: SdpStory
  /** Letter and Call-ID of each leg, A first. */
  readonly legs: readonly (readonly [letter: string, callId: string])[]
}

export interface SceneSource {
  /** By time, copies among them. */
  readonly items: readonly Item[]
  /** By time. */
  readonly gaps: readonly GapRow[]
  /** In order of appearance. */
  readonly endpoints: readonly Endpoint[]
  readonly analysis: Analysis
}

/** Lay out a ladder. Rows that did not change since the last time are the same objects. */
export function layScene(source: SceneSource, view: LadderView, aliases: AliasTable): Scene {
  const { items, gaps, analysis } = source
  const places = new Places(source, view, aliases)
  const folding = new Folding(analysis, view)
  const listed = new Set(view.copies)
  const rows: LadderRow[] = []
  let hiddenCount = 0
  let nextGap = 0
  let beforeUs: number | undefined
  for (const item of items) {
    if (item.isCopy) continue
    const { message, transaction } = item
    const from = places.laneOf(item.source)
    const to = places.laneOf(item.destination)
    if (from < 0 || to < 0 || !isShown(message, view)) {
      hiddenCount++
      continue
    }
    const isFolded = transaction !== undefined && folding.isFolded(transaction)
    if (isFolded && !folding.isFirst(transaction)) continue
    for (let gap = gaps[nextGap]; gap !== undefined && gap.tsUs < message.tsUs; gap = gaps[++nextGap]) rows.push(gap)
    const deltaUs = beforeUs === undefined ? 0 : message.tsUs - beforeUs
    beforeUs = message.tsUs
    const at = { from, to, deltaUs, sdp: view.sdp, analysis }
    if (isFolded) {
      rows.push(foldedRow(transaction, item, at))
      continue
    }
    rows.push(messageRow(item, at))
    if (listed.has(message.key)) for (const copy of item.copies) rows.push(copyRow(item, copy, at))
  }
  rows.push(...gaps.slice(nextGap))
  return {
    rows,
    lanes: places.plan.lanes,
    hiddenLanes: places.plan.hidden,
    hiddenCount,
    brackets: bracketsOf(analysis, rows),
    story: analysis.story,
    legs: legsOf(items),
  }
}

/** Says which transactions are one row. */
class Folding {
  readonly #analysis: Analysis
  readonly #fold: LadderView['fold']
  readonly #toggled: ReadonlySet<string>
  /** Most ladders have nothing to fold, and are asked for each message. */
  readonly #isNone: boolean
  readonly #known = new Map<Transaction<Item>, boolean>()
  readonly #begun = new Set<Transaction<Item>>()

  constructor(analysis: Analysis, { fold, toggled }: LadderView) {
    this.#analysis = analysis
    this.#fold = fold
    this.#toggled = new Set(toggled)
    this.#isNone = toggled.length === 0 && (fold === 'none' || (fold === 'auth' && analysis.challenges.size === 0))
  }

  isFolded(transaction: Transaction<Item>): boolean {
    if (this.#isNone) return false
    let isFolded = this.#known.get(transaction)
    if (isFolded === undefined) this.#known.set(transaction, (isFolded = this.#decide(transaction)))
    return isFolded
  }

  /** True when it is asked for the first time: where the row of the transaction is. */
  isFirst(transaction: Transaction<Item>): boolean {
    if (this.#begun.has(transaction)) return false
    this.#begun.add(transaction)
    return true
  }

  #decide(transaction: Transaction<Item>): boolean {
    if (transaction.items.length < 2) return false
    const byDefault = this.#fold === 'all' || (this.#fold === 'auth' && this.#analysis.challenges.has(transaction))
    const isToggled = this.#toggled.size > 0 && transaction.items.some(({ message }) => this.#toggled.has(message.key))
    return byDefault !== isToggled
  }
}

function isShown(message: LadderMessage, { show }: LadderView): boolean {
  switch (show) {
    case 'all':
      return true
    case 'sdp':
      return message.hasSdp
    case 'media':
      return !isSip(message)
    case 'signalling':
      return isSip(message)
  }
}

/** Finds the lane of each end of a message. */
class Places {
  readonly plan: LanePlan
  readonly #lanes: readonly number[]
  readonly #owners: ReadonlyMap<string, string>
  /** SIP endpoints by address; undefined where an address has several. */
  readonly #byIp = new Map<string, Endpoint | undefined>()

  constructor({ endpoints, analysis }: SceneSource, view: LadderView, aliases: AliasTable) {
    this.#owners = analysis.story.owners
    for (const endpoint of endpoints) {
      if (!endpoint.isSip) continue
      for (const key of [endpoint.ip, `${endpoint.leg} ${endpoint.ip}`]) {
        const known = this.#byIp.get(key)
        const isOther = known === undefined ? this.#byIp.has(key) : known.port !== endpoint.port
        this.#byIp.set(key, isOther ? undefined : endpoint)
      }
    }
    // Media of a phone belongs to the lane of the phone, although it comes from another port.
    const owners = endpoints.map((endpoint) => (endpoint.isSip ? undefined : this.#ownerOf(endpoint)))
    const plan = planLanes(
      endpoints.filter((_, place) => owners[place] === undefined),
      view,
      aliases,
    )
    this.plan = plan
    this.#lanes = endpoints.map(({ key }, place) => plan.indexes.get(owners[place] ?? key) ?? -1)
  }

  /** @returns -1 if the lane is hidden */
  laneOf(endpoint: number): number {
    return this.#lanes[endpoint] ?? -1
  }

  #ownerOf({ ip, port, leg }: Endpoint): string | undefined {
    const owner = this.#owners.get(`${ip} ${port}`)
    if (owner !== undefined) {
      const [ownerIp = '', ownerPort = ''] = owner.split(' ')
      return endpointKey(ownerIp, Number(ownerPort), leg)
    }
    const sole = this.#byIp.get(`${leg} ${ip}`) ?? this.#byIp.get(ip)
    return sole === undefined ? undefined : endpointKey(sole.ip, sole.port, sole.leg)
  }
}

function bracketsOf({ forks }: Analysis, rows: readonly LadderRow[]): readonly Bracket[] {
  if (forks.length === 0) return []
  const indexes = new Map<string, number>()
  for (const [index, row] of rows.entries()) {
    if (row.kind === 'message' && row.arm !== undefined && !indexes.has(row.key)) indexes.set(row.key, index)
  }
  return forks.flatMap((arms): Bracket[] => {
    const places = arms
      .map(({ request, items }) => indexes.get(request?.message.key ?? '') ?? indexes.get(items[0]?.message.key ?? ''))
      .filter((index) => index !== undefined)
      .sort((a, b) => a - b)
    const first = rows[places[0] ?? -1]
    if (places.length < 2 || first?.kind !== 'message') return []
    return [{ key: `fork ${first.key}`, lane: first.fromLane, rows: places }]
  })
}

function legsOf(items: readonly Item[]): readonly (readonly [string, string])[] {
  const legs = new Map<string, string>()
  for (const { leg, message } of items) if (leg !== '' && !legs.has(leg)) legs.set(leg, message.callId)
  return [...legs].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
}
