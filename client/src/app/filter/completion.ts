import { TRAITS } from '@hepscope/shared/call/problem.ts'
import { CALL_VALUES } from '@hepscope/shared/filter/call-expression.ts'
import { CALL_FIELDS, FIELDS } from '@hepscope/shared/filter/expression.ts'
import type { Statistics, Tally } from '../../worker/protocol.ts'

/** Something that the filter text may become. */
export interface Completion {
  /** What is inserted, and shown. */
  readonly text: string
  /** What it means, or how often it was seen. */
  readonly hint: string
  /** It takes the place of the whole text: a filter that was used before. */
  readonly isWhole?: boolean
}

/** Completions of the word at the caret, which is `text.slice(from, to)`. */
export interface Completions {
  readonly from: number
  readonly to: number
  readonly items: readonly Completion[]
}

const MOST = 12

const FIELD_HINTS: Readonly<Record<string, string>> = {
  is: 'problem or property of a call',
  state: 'state of a call',
  kind: 'kind of a dialog',
  method: 'CSeq method of a message',
  code: 'status code, e.g. 486 or 4xx',
  from: 'user of From',
  to: 'user of To or of the Request-URI',
  user: 'any of these users',
  callid: 'Call-ID or correlation id',
  ip: 'address or network of either end',
  src: 'address or network of the sender',
  dst: 'address or network of the receiver',
  port: 'port of either end',
  proto: 'HEP protocol type',
  agent: 'capture agent, by id or name',
  node: 'node that captured it',
  epoch: 'start of the node, as events have it',
  seq: 'number of an event since then',
  ua: 'User-Agent',
  text: 'anywhere',
}

const CODE_CLASSES: readonly Completion[] = ['1xx', '2xx', '3xx', '4xx', '5xx', '6xx'].map((text) => ({
  text,
  hint: 'class of answers',
}))

/**
 * What the word at the caret may become.
 *
 * @param recent filters that were used before, the latest first
 */
export function completionsOf(
  text: string,
  caret: number,
  seen: Statistics | undefined,
  recent: readonly string[],
): Completions {
  const { from, to } = wordAt(text, caret)
  const word = text.slice(from, caret)
  const colon = word.search(/[:=]/)
  if (colon >= 0) {
    const valueFrom = from + colon + 1
    const value = text.slice(valueFrom, caret).replace(/^"/, '').toLowerCase()
    const items = valuesOf(word.slice(0, colon).toLowerCase(), seen)
    return { from: valueFrom, to, items: narrowed(items, value).slice(0, MOST) }
  }
  const before = recent
    .filter((filter) => filter !== text && filter.toLowerCase().includes(text.trim().toLowerCase()))
    .slice(0, text.trim() === '' ? 5 : 2)
    .map((filter) => ({ text: filter, hint: 'used before', isWhole: true }))
  return { from, to, items: [...before, ...namesLike(word.toLowerCase())].slice(0, MOST) }
}

/** The text with a completion in it, and where the caret is then. */
export function complete(text: string, { from, to }: Completions, item: Completion): { text: string; caret: number } {
  if (item.isWhole === true) return { text: item.text, caret: item.text.length }
  const isField = item.text.endsWith(':')
  const value = /[\s()"]/.test(item.text) ? `"${item.text.replaceAll('"', '')}"` : item.text
  const rest = text.slice(to)
  const inserted = isField || rest.startsWith(' ') ? value : `${value} `
  return { text: text.slice(0, from) + inserted + rest, caret: from + inserted.length }
}

/** Fields, and values that are found by themselves: `fail` finds `is:failed`. */
function namesLike(word: string): Completion[] {
  const fields = [...CALL_FIELDS, ...FIELDS].map((name) => ({ text: `${name}:`, hint: FIELD_HINTS[name] ?? '' }))
  if (word === '') return fields
  const values = CALL_FIELDS.flatMap((field) =>
    CALL_VALUES[field].filter((value) => value.includes(word)).map((value) => callValue(field, value)),
  )
  return [...narrowed(fields, word), ...values]
}

function callValue(field: string, value: string): Completion {
  const hint = field === 'is' ? (TRAITS[value]?.title ?? '') : (FIELD_HINTS[field] ?? '')
  return { text: `${field}:${value}`, hint }
}

function valuesOf(field: string, seen: Statistics | undefined): readonly Completion[] {
  switch (field) {
    case 'is':
      return CALL_VALUES.is.map((text) => ({ text, hint: TRAITS[text]?.title ?? '' }))
    case 'state':
      return withCounts(CALL_VALUES.state, merged(seen?.states ?? []))
    case 'kind':
      return withCounts(CALL_VALUES.kind, seen?.kinds ?? [])
    case 'method':
      return counted(seen?.methods ?? [], 'messages')
    case 'code':
      return [...counted(seen?.codes ?? [], 'answers'), ...CODE_CLASSES]
    case 'node':
      return counted(seen?.nodes ?? [], 'events')
    case 'agent':
      return counted(
        (seen?.agents ?? []).flatMap(({ name, count }) => name.split(' ').map((part) => ({ name: part, count }))),
        'events',
      )
    default:
      return []
  }
}

function counted(tallies: readonly Tally[], what: string): Completion[] {
  return tallies.map(({ name, count }) => ({ text: name, hint: `${count} ${what}` }))
}

/** Those that were seen first. */
function withCounts(values: readonly string[], seen: readonly Tally[]): Completion[] {
  const counts = new Map(seen.map(({ name, count }) => [name, count]))
  return values
    .map((text) => ({ text, count: counts.get(text) ?? 0 }))
    .sort((a, b) => b.count - a.count)
    .map(({ text, count }) => ({ text, hint: count === 0 ? 'none now' : `${count} now` }))
}

function merged(tallies: readonly Tally[]): Tally[] {
  const counts = new Map<string, number>()
  for (const { name, count } of tallies) counts.set(name, (counts.get(name) ?? 0) + count)
  return [...counts].map(([name, count]) => ({ name, count }))
}

/** Those that begin with the word, then those that hold it; a word that is complete needs no completion. */
function narrowed(items: readonly Completion[], word: string): Completion[] {
  const holding = items.filter(({ text }) => text.toLowerCase().includes(word) && text.toLowerCase() !== word)
  const begins = ({ text }: Completion): boolean => text.toLowerCase().startsWith(word)
  return [...holding.filter(begins), ...holding.filter((item) => !begins(item))]
}

/** The word that the caret is in or behind. Quoted parts belong to it; a sign of negation in front does not. */
function wordAt(text: string, caret: number): { from: number; to: number } {
  let from = 0
  let isQuoted = false
  for (let at = 0; at < caret; at++) {
    const char = text.charAt(at)
    if (char === '"') isQuoted = !isQuoted
    else if (!isQuoted && /[\s()]/.test(char)) from = at + 1
  }
  if (/[-!]/.test(text.charAt(from)) && from < caret) from++
  let to = caret
  while (to < text.length && (isQuoted || !/[\s()]/.test(text.charAt(to)))) {
    if (text.charAt(to) === '"') isQuoted = !isQuoted
    to++
  }
  return { from, to }
}
