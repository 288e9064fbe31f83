import type { Zone } from '../format/time.ts'
import { privacy } from '../privacy/privacy.svelte.ts'
import {
  formatViewAddress,
  parseViewAddress,
  PLAIN_ADDRESS,
  VIEW_NAMES,
  type ViewAddress,
  type ViewName,
} from './view-url.ts'

/** What of a window the router uses. */
export interface AddressBar {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search' | 'origin'>
  readonly history: Pick<History, 'pushState' | 'replaceState' | 'state'>
}

/** What the browser keeps of a step while privacy is on, for the address bar does not tell it. */
interface KeptState {
  readonly address: string
}

/**
 * Which view is shown, and the address that says so. Each view finds its own as it was left.
 *
 * While privacy is on, filter and calls stand in no address that can be seen.
 */
export class Router {
  address = $state.raw<ViewAddress>(PLAIN_ADDRESS)
  /** Parts of the address that made no sense, in words. */
  ignored = $state.raw<readonly string[]>([])
  #left = $state.raw<ReadonlyMap<ViewName, string>>(new Map())
  readonly #bar: AddressBar
  /** Zone that every address names; undefined while nobody has chosen one. */
  #zone: Zone | undefined

  constructor(bar: AddressBar) {
    this.#bar = bar
    this.#takePath()
    this.read()
    privacy.watch(() => this.#put(formatViewAddress(this.address), 'replace'))
  }

  /** Take over what the address bar says: at the start, and after a step through the browser's history. */
  read(): ViewAddress {
    const kept = keptAddress(this.#bar.history.state)
    const text = kept ?? this.#bar.location.hash
    const { address, ignored } = parseViewAddress(text)
    // A step from before privacy was switched.
    if (kept === undefined ? seenOf(text) !== text : !privacy.isOn) this.#put(text, 'replace')
    this.address = address
    this.ignored = ignored
    this.#zone = address.zone ?? this.#zone
    this.#remember(address)
    return address
  }

  /**
   * Say what a view shows now. One that is not on the screen finds it when it is again.
   *
   * @param way `push` for what the browser's back button should undo
   */
  write(shown: ViewAddress, way: 'push' | 'replace'): void {
    const address = { ...shown, zone: this.#zone }
    this.#remember(address)
    if (address.view !== this.address.view) return
    this.address = address
    this.#put(formatViewAddress(address), way)
  }

  /** The zone was chosen, and is part of what is shown. */
  setZone(zone: Zone): void {
    this.#zone = zone
    this.write(this.address, 'replace')
  }

  /** Show another view, as it was left. */
  go(view: ViewName): void {
    this.open(this.textOf(view))
  }

  /** Show what a text of `formatViewAddress` says, as a step of its own. */
  open(text: string): void {
    this.#put(text, 'push')
    this.read()
  }

  /** Where a view is, as it was left. */
  textOf(view: ViewName): string {
    return this.#left.get(view) ?? formatViewAddress({ ...PLAIN_ADDRESS, view })
  }

  /** Of such a text, what may stand in a link that can be seen; `open` is to be called with the whole. */
  hrefOf(text: string): string {
    return seenOf(text) || '#'
  }

  /** A whole link to what is shown, for somebody else. */
  link(address: ViewAddress = this.address): string {
    const { origin, pathname } = this.#bar.location
    return `${origin}${pathname}${formatViewAddress(address)}`
  }

  dismissIgnored(): void {
    this.ignored = []
  }

  #remember(address: ViewAddress): void {
    this.#left = new Map(this.#left).set(address.view, formatViewAddress(address))
  }

  #put(text: string, way: 'push' | 'replace'): void {
    const { location, history } = this.#bar
    const seen = seenOf(text)
    const kept: KeptState | undefined = seen === text ? undefined : { address: text }
    const url = `${location.pathname}${location.search}${seen}`
    if (way === 'push') history.pushState(kept, '', url)
    else history.replaceState(kept, '', url)
  }

  /** `/ops` is an address, too, for those who type it. */
  #takePath(): void {
    const { location, history } = this.#bar
    const [, path = ''] = /^\/(\w+)\/?$/.exec(location.pathname) ?? []
    const view = VIEW_NAMES.find((name) => name === path)
    if (view === undefined) return
    const hash = location.hash === '' ? formatViewAddress({ ...PLAIN_ADDRESS, view }) : location.hash
    history.replaceState(history.state, '', `/${location.search}${hash}`)
  }
}

/** An address without what tells who talks to whom, while privacy is on. */
function seenOf(text: string): string {
  if (!privacy.isOn) return text
  const { address } = parseViewAddress(text)
  return formatViewAddress({ ...address, filter: '', callIds: [] })
}

function keptAddress(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null || !('address' in state)) return undefined
  return typeof state.address === 'string' ? state.address : undefined
}
