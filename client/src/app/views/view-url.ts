import type { ListScope } from '../../worker/protocol.ts'

/** What the address bar holds of the live view. */
export interface ViewAddress {
  readonly filter: string
  readonly scope: ListScope
  /** Call-IDs of the open ladder; none if it is closed. */
  readonly callIds: readonly string[]
  /** Key of the selected message; `''` for none. */
  readonly messageKey: string
  /** Start of the oldest open call, milliseconds since 1970, so that the store need not search everything; 0 if unknown. */
  readonly atMs: number
}

const MAX_CALL_IDS = 50

/** Read the part of the address behind `#`. Whatever it is, it makes some view. */
export function parseViewAddress(hash: string): ViewAddress {
  const query = new URLSearchParams(hash.replace(/^#/, ''))
  const atMs = Number(query.get('at'))
  return {
    filter: query.get('q') ?? '',
    scope: query.get('show') === 'all' ? 'all' : 'calls',
    callIds: [...new Set(query.getAll('call'))].filter((id) => id !== '').slice(0, MAX_CALL_IDS),
    messageKey: query.get('msg') ?? '',
    atMs: Number.isSafeInteger(atMs) && atMs > 0 ? atMs : 0,
  }
}

/** The other way: `''` for the view that is shown without any address. */
export function formatViewAddress(view: ViewAddress): string {
  const query = new URLSearchParams()
  if (view.filter !== '') query.set('q', view.filter)
  if (view.scope !== 'calls') query.set('show', view.scope)
  for (const id of view.callIds) query.append('call', id)
  if (view.messageKey !== '' && view.callIds.length > 0) query.set('msg', view.messageKey)
  if (view.atMs !== 0 && view.callIds.length > 0) query.set('at', String(view.atMs))
  const text = query.toString()
  return text === '' ? '' : `#${text}`
}
