import { memberOf, membersOf, parseJsonObject, payloadText, textOf } from './json.ts'

/** A line that a proxy or an agent logged (HEP protocol type 100). */
export interface LogView {
  readonly kind: 'log'
  /** As the sender spells it, in capitals, e.g. `INFO`, `DBG`. */
  readonly level?: string
  /** Without the level. */
  readonly text: string
}

const LEVEL = /^\s*(EMERG|ALERT|CRIT(?:ICAL)?|ERR(?:OR)?|WARN(?:ING)?|NOTICE|INFO|DBG|DEBUG)\s*[:\]]\s*/i

/**
 * Read a log line: plain, with `LEVEL:` before it (OpenSIPS in HOMER5 mode), or as JSON with `Event` and `text`
 * (HOMER6 mode). Other JSON stays as it is.
 */
export function viewLog(bytes: Uint8Array): LogView {
  const text = payloadText(bytes)
  const object = parseJsonObject(bytes)
  if (object !== undefined) {
    const members = membersOf(object)
    const level = textOf(members, 'event')
    const line = memberOf(members, 'text')
    if (typeof line === 'string') {
      return { kind: 'log', ...(level !== undefined && { level: level.toUpperCase() }), text: line }
    }
  }
  const match = LEVEL.exec(text)
  if (match?.[1] === undefined) return { kind: 'log', text }
  return { kind: 'log', level: match[1].toUpperCase(), text: text.slice(match[0].length) }
}
