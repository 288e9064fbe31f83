import { type ListScope, SORT_KEYS, type SortKey, type SortOrder } from '../../worker/protocol.ts'
import type { Zone } from '../format/time.ts'

/** Views by the name that the address has. `views.ts` says what each of them is. */
export const VIEW_NAMES = ['live', 'figures', 'search', 'replay', 'file', 'ops'] as const
export type ViewName = (typeof VIEW_NAMES)[number]

/** What the address bar holds: all that it takes to show the same elsewhere. */
export interface ViewAddress {
  readonly view: ViewName
  readonly filter: string
  readonly scope: ListScope
  /** Messages are listed, not calls; in the view that can. */
  readonly isMessages: boolean
  readonly order: SortOrder
  /** Columns of the list as `calls/` writes them; `''` for the usual ones. */
  readonly columns: string
  /** Call-IDs of the open ladder; none if it is closed. */
  readonly callIds: readonly string[]
  /** Key of the selected message; `''` for none. */
  readonly messageKey: string
  /** Start of the oldest open call, milliseconds since 1970, so that the store need not search everything; 0 if unknown. */
  readonly atMs: number
  /** Lanes, folds and modes as `ladder/` writes them; `''` for the usual ones. */
  readonly ladder: string
  /** Undefined: as the reader has chosen. */
  readonly zone: Zone | undefined
  /** Ends of the time range, milliseconds since 1970; 0 if none. */
  readonly fromMs: number
  readonly toMs: number
  /** Instead of a range with ends: the last so many minutes; 0 if none. */
  readonly lastMinutes: number
  /** Moment to which time has been taken back, microseconds since 1970; 0 for none. */
  readonly momentUs: number
}

/** What was read, and the names of the parts that made no sense. */
export interface ParsedAddress {
  readonly address: ViewAddress
  readonly ignored: readonly string[]
}

export const PLAIN_ADDRESS: ViewAddress = {
  view: 'live',
  filter: '',
  scope: 'calls',
  isMessages: false,
  order: { key: 'arrival', isDescending: true },
  columns: '',
  callIds: [],
  messageKey: '',
  atMs: 0,
  ladder: '',
  zone: undefined,
  fromMs: 0,
  toMs: 0,
  lastMinutes: 0,
  momentUs: 0,
}

const MAX_CALL_IDS = 50
const MAX_TEXT = 2000
/** As `ladder/` reads it. */
const MAX_LADDER_TEXT = 8192
const MAX_MINUTES = 366 * 24 * 60
/** Read the part of the address behind `#`. Whatever it is, it makes some view. */
export function parseViewAddress(hash: string): ParsedAddress {
  const [, path, text = ''] = /^#?(?:\/([^?]*)\??)?(.*)$/s.exec(hash) ?? []
  const query = new QueryReader(new URLSearchParams(text))
  const view = VIEW_NAMES.find((name) => name === (path === undefined || path === '' ? 'live' : path))
  if (view === undefined) query.ignore(`view ${path ?? ''}`)
  const address: ViewAddress = {
    view: view ?? 'live',
    filter: query.text('q'),
    scope: query.read('show', 'calls', (value) => (value === 'all' || value === 'calls' ? value : undefined)),
    isMessages: query.read('list', false, (value) => (value === 'messages' ? true : undefined)),
    order: query.read('sort', PLAIN_ADDRESS.order, parseOrder),
    columns: query.text('columns'),
    callIds: query.callIds(),
    messageKey: query.text('msg'),
    atMs: query.number('at'),
    ladder: query.text('ladder', MAX_LADDER_TEXT),
    zone: query.read('zone', undefined, (value) => (value === 'utc' || value === 'local' ? value : undefined)),
    ...query.range(),
    lastMinutes: query.number('last', MAX_MINUTES),
    momentUs: query.number('t'),
  }
  return { address, ignored: query.ignored }
}

/** The other way: `''` for the view that is shown without any address. */
export function formatViewAddress(address: ViewAddress): string {
  const query = new URLSearchParams()
  const put = (name: string, value: string | number): void => {
    if (value !== '' && value !== 0) query.append(name, String(value))
  }
  const { order, callIds } = address
  put('q', address.filter)
  if (address.scope !== 'calls') put('show', address.scope)
  if (address.isMessages) put('list', 'messages')
  if (order.key !== 'arrival' || !order.isDescending) put('sort', `${order.isDescending ? '-' : ''}${order.key}`)
  put('columns', address.columns)
  put('last', address.lastMinutes)
  put('from', address.fromMs)
  put('to', address.toMs)
  put('t', address.momentUs)
  if (callIds.length > 0) {
    for (const id of callIds) put('call', id)
    put('msg', address.messageKey)
    put('at', address.atMs)
    put('ladder', address.ladder)
  }
  put('zone', address.zone ?? '')
  const text = query.toString()
  if (address.view === 'live') return text === '' ? '' : `#${text}`
  return `#/${address.view}${text === '' ? '' : `?${text}`}`
}

function parseOrder(text: string): SortOrder | undefined {
  const isDescending = text.startsWith('-')
  const name = isDescending ? text.slice(1) : text
  return isSortKey(name) ? { key: name, isDescending } : undefined
}

function isSortKey(name: string): name is SortKey {
  return SORT_KEYS.some((key) => key === name)
}

/** Reads members one by one and notes those that are wrong. */
class QueryReader {
  readonly ignored: string[] = []
  readonly #query: URLSearchParams

  constructor(query: URLSearchParams) {
    this.#query = query
  }

  ignore(what: string): void {
    this.ignored.push(what.slice(0, 60))
  }

  text(name: string, most = MAX_TEXT): string {
    return this.read(name, '', (value) => (value.length <= most ? value : undefined))
  }

  /** A whole number above 0; 0 if there is none. */
  number(name: string, most = Number.MAX_SAFE_INTEGER): number {
    return this.read(name, 0, (value) => {
      const number = Number(value)
      return Number.isSafeInteger(number) && number > 0 && number <= most ? number : undefined
    })
  }

  range(): Pick<ViewAddress, 'fromMs' | 'toMs'> {
    const [fromMs, toMs] = [this.number('from'), this.number('to')]
    if (toMs === 0 || fromMs <= toMs) return { fromMs, toMs }
    this.ignore('from after to')
    return { fromMs: 0, toMs: 0 }
  }

  callIds(): string[] {
    const ids = [...new Set(this.#query.getAll('call'))].filter((id) => id !== '')
    if (ids.length > MAX_CALL_IDS) this.ignore(`calls after the ${MAX_CALL_IDS}th`)
    return ids.slice(0, MAX_CALL_IDS)
  }

  read<T>(name: string, fallback: T, parse: (value: string) => T | undefined): T {
    const value = this.#query.get(name)
    if (value === null || value === '') return fallback
    const parsed = parse(value)
    if (parsed !== undefined) return parsed
    this.ignore(`${name}=${value}`)
    return fallback
  }
}
