import type { Zone } from '../format/time.ts'
import { formatViewAddress, parseViewAddress, PLAIN_ADDRESS, type ViewAddress, type ViewName } from './view-url.ts'

/** What of a window the router uses. */
export interface AddressBar {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search' | 'origin'>
  readonly history: Pick<History, 'pushState' | 'replaceState'>
}

/** Which view is shown, and the address that says so. Each view finds its own as it was left. */
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
    this.read()
  }

  /** Take over what the address bar says: at the start, and after a step through the browser's history. */
  read(): ViewAddress {
    const { address, ignored } = parseViewAddress(this.#bar.location.hash)
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
    const { location, history } = this.#bar
    const text = `${location.pathname}${location.search}${formatViewAddress(address)}`
    if (way === 'push') history.pushState(undefined, '', text)
    else history.replaceState(undefined, '', text)
  }

  /** The zone was chosen, and is part of what is shown. */
  setZone(zone: Zone): void {
    this.#zone = zone
    this.write(this.address, 'replace')
  }

  /** Show another view, as it was left. */
  go(view: ViewName): void {
    const { location, history } = this.#bar
    history.pushState(undefined, '', `${location.pathname}${location.search}${this.hrefOf(view)}`)
    this.read()
  }

  /** Where a view is, as it was left. */
  hrefOf(view: ViewName): string {
    return this.#left.get(view) ?? (formatViewAddress({ ...PLAIN_ADDRESS, view }) || '#')
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
    this.#left = new Map(this.#left).set(address.view, formatViewAddress(address) || '#')
  }
}
