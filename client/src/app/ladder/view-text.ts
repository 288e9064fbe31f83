import {
  COLOUR_MODES,
  DEFAULT_VIEW,
  FOLD_MODES,
  type LadderView,
  LANE_BY,
  SDP_HINTS,
  SHOW_MODES,
  TIME_MODES,
} from './ladder-view.ts'

/** Longest text that is read, most entries of one list and longest entry. */
const MAX_TEXT = 8192
const MAX_ENTRIES = 40
const MAX_ENTRY = 120

/**
 * A view as one line of text for an address: what differs from the default, e.g.
 * `lanes=address;hide=10.0.0.9;time=start`; `''` for the default view.
 */
export function formatLadderView(view: LadderView): string {
  const parts: string[] = []
  const mode = (name: string, value: string, byDefault: string): void => {
    if (value !== byDefault) parts.push(`${name}=${value}`)
  }
  const list = (name: string, entries: readonly string[]): void => {
    if (entries.length > 0) parts.push(`${name}=${formatList(entries, ',')}`)
  }
  mode('lanes', view.laneBy, DEFAULT_VIEW.laneBy)
  if (view.merges.length > 0) {
    const groups = view.merges.slice(0, MAX_ENTRIES)
    parts.push(`merge=${groups.map((group) => formatList(group, '+')).join(',')}`)
  }
  list('hide', view.hidden)
  list('pin', view.pinned)
  list('order', view.order)
  if (view.hasSplitLegs) parts.push('legs=split')
  mode('time', view.time, DEFAULT_VIEW.time)
  mode('colour', view.colour, DEFAULT_VIEW.colour)
  mode('fold', view.fold, DEFAULT_VIEW.fold)
  list('toggle', view.toggled)
  list('copies', view.copies)
  mode('sdp', view.sdp, DEFAULT_VIEW.sdp)
  mode('show', view.show, DEFAULT_VIEW.show)
  if (view.isCompact) parts.push('rows=compact')
  list('compare', view.compare)
  return parts.join(';')
}

/** The other way. Whatever the text is, it makes some view: what is not understood is as in the default. */
export function parseLadderView(text: string): LadderView {
  const values = new Map<string, string>()
  for (const part of text.slice(0, MAX_TEXT).split(';')) {
    const equals = part.indexOf('=')
    if (equals > 0) values.set(part.slice(0, equals), part.slice(equals + 1))
  }
  const mode = <T extends string>(name: string, modes: readonly T[], byDefault: T): T =>
    modes.find((one) => one === values.get(name)) ?? byDefault
  const list = (name: string): readonly string[] => parseList(values.get(name), ',')
  return {
    laneBy: mode('lanes', LANE_BY, DEFAULT_VIEW.laneBy),
    merges: parseGroups(values.get('merge')),
    hidden: list('hide'),
    pinned: list('pin'),
    order: list('order'),
    hasSplitLegs: values.get('legs') === 'split',
    time: mode('time', TIME_MODES, DEFAULT_VIEW.time),
    colour: mode('colour', COLOUR_MODES, DEFAULT_VIEW.colour),
    fold: mode('fold', FOLD_MODES, DEFAULT_VIEW.fold),
    toggled: list('toggle'),
    copies: list('copies'),
    sdp: mode('sdp', SDP_HINTS, DEFAULT_VIEW.sdp),
    show: mode('show', SHOW_MODES, DEFAULT_VIEW.show),
    isCompact: values.get('rows') === 'compact',
    compare: list('compare').slice(0, 2),
  }
}

/** A lane is in one group only, the first that names it. */
function parseGroups(text: string | undefined): readonly (readonly string[])[] {
  const taken = new Set<string>()
  return (text ?? '')
    .split(',', MAX_ENTRIES)
    .map((group) => {
      const lanes = parseList(group, '+').filter((lane) => !taken.has(lane))
      for (const lane of lanes) taken.add(lane)
      return lanes
    })
    .filter((group) => group.length > 1)
}

function parseList(text: string | undefined, separator: string): readonly string[] {
  if (text === undefined || text === '') return []
  const entries = text.split(separator, MAX_ENTRIES).map(unescapeEntry)
  return [...new Set(entries)].filter((entry) => entry !== '' && entry.length <= MAX_ENTRY)
}

function formatList(entries: readonly string[], separator: string): string {
  return entries
    .filter((entry) => entry !== '' && entry.length <= MAX_ENTRY)
    .slice(0, MAX_ENTRIES)
    .map(escapeEntry)
    .join(separator)
}

/** Only what separates is escaped, so that addresses stay readable. */
function escapeEntry(entry: string): string {
  return entry.replace(/[%;=,+]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
}

function unescapeEntry(text: string): string {
  return text.replace(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
